//! Reads a template file into its templates, by the rules of Go's `text/template/parse`.
//!
//! Names are resolved here: functions to their table entries, variables to numbered slots. What Go finds only when an
//! action runs (a variable that was assigned and never declared, a wrong number of arguments) stays an error of that
//! action, because charts hold such actions in branches that never run.

use std::collections::HashMap;

use super::lexer::{Broken, Keyword, Kind, Lexer, Token};
use super::literal;
use super::tree::{Clauses, Definition, Node, Range, Slot, Span};

/// How deeply control structures, and parentheses within one action, may nest. Reading them recurses; charts stay
/// below 20.
const NESTING_MAX: usize = 100;

/// Bytes of one template file. Helm itself takes no larger files into a chart.
pub const SOURCE_BYTES_MAX: usize = 5 << 20;

/// Actions and operands of all files of a chart. Reading them takes some hundred bytes for each; the largest public
/// charts have a tenth.
pub const PARTS_MAX: usize = 200_000;

/// Where and why parsing ended.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub at: usize,
    pub message: String,
}

impl From<Broken> for SyntaxError {
    fn from(broken: Broken) -> Self {
        Self { at: broken.at, message: broken.message }
    }
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// Reads a file: its own template first, then what it defines. Takes its parts from those that are left.
pub(super) fn parse(name: &str, source: &str, parts_left: &mut usize) -> Parsed<Vec<Definition>> {
    if source.len() > SOURCE_BYTES_MAX {
        return Err(SyntaxError { at: 0, message: format!("the file has more than {SOURCE_BYTES_MAX} bytes") });
    }
    let mut parser = Parser {
        source,
        lexer: Lexer::new(source),
        waiting: Vec::new(),
        nesting: 0,
        parts_left: *parts_left,
        definitions: Vec::new(),
    };
    let mut scope = Scope::new();
    let nodes = parser.file(&mut scope);
    *parts_left = parser.parts_left;
    let nodes = nodes?;
    let own = scope.finish(name.to_owned(), nodes, source);
    let mut definitions = vec![own];
    let mut places = HashMap::from([(name.to_owned(), 0)]);
    for definition in parser.definitions {
        add(&mut definitions, &mut places, definition)?;
    }
    Ok(definitions)
}

/// A name may be defined once in a file; blank definitions do not count.
fn add(
    definitions: &mut Vec<Definition>,
    places: &mut HashMap<String, usize>,
    (definition, at): (Definition, usize),
) -> Parsed<()> {
    match places.get(&definition.name).and_then(|place| definitions.get_mut(*place)) {
        None => {
            places.insert(definition.name.clone(), definitions.len());
            definitions.push(definition);
        }
        Some(other) if other.is_blank => *other = definition,
        Some(_) if definition.is_blank => {}
        Some(_) => {
            let message = format!("multiple definition of template {:?}", definition.name);
            return Err(SyntaxError { at, message });
        }
    }
    Ok(())
}

/// What ended a list of nodes.
enum Ending {
    End,
    Else(Token),
}

/// Names of variables in one template.
pub(super) struct Scope {
    pub(super) names: Vec<Slot>,
    slots: u32,
    slots_max: u32,
    ranges: usize,
}

pub(super) struct Parser<'s> {
    pub(super) source: &'s str,
    lexer: Lexer<'s>,
    /// Tokens that were read ahead, the next one last.
    waiting: Vec<Token>,
    pub(super) nesting: usize,
    parts_left: usize,
    definitions: Vec<(Definition, usize)>,
}

impl Scope {
    fn new() -> Self {
        let root = Slot { name: "$".to_owned(), number: Some(0), is_element: false };
        Self { names: vec![root], slots: 1, slots_max: 1, ranges: 0 }
    }

    /// Gives a variable a place that stays its own until its scope ends.
    pub(super) fn declare(&mut self, name: &str, is_element: bool) -> Slot {
        let slot = Slot { name: name.to_owned(), number: Some(self.slots), is_element };
        self.slots += 1;
        self.slots_max = self.slots_max.max(self.slots);
        self.names.push(slot.clone());
        slot
    }

    pub(super) fn find(&self, name: &str) -> Option<Slot> {
        let mut named = self.names.iter().rev().filter(|slot| slot.name == name);
        let last = named.next()?;
        let set = if last.number.is_some() { Some(last) } else { named.find(|slot| slot.number.is_some()) };
        Some(set.unwrap_or(last).clone())
    }

    fn mark(&self) -> (usize, u32) {
        (self.names.len(), self.slots)
    }

    fn leave(&mut self, (names, slots): (usize, u32)) {
        self.names.truncate(names);
        self.slots = slots;
    }

    fn finish(self, name: String, nodes: Vec<Node>, source: &str) -> Definition {
        let is_blank = nodes.iter().all(|node| match node {
            Node::Text { start, end } => source[*start as usize..*end as usize].trim().is_empty(),
            _ => false,
        });
        Definition { name, nodes, slots: self.slots_max, is_blank }
    }
}

impl Parser<'_> {
    pub(super) fn next(&mut self) -> Parsed<Token> {
        match self.waiting.pop() {
            Some(token) => Ok(token),
            None => Ok(self.lexer.next()?),
        }
    }

    pub(super) fn next_non_space(&mut self) -> Parsed<Token> {
        loop {
            let token = self.next()?;
            if token.kind != Kind::Space {
                return Ok(token);
            }
        }
    }

    pub(super) fn put_back(&mut self, token: Token) {
        self.waiting.push(token);
    }

    pub(super) fn peek(&mut self) -> Parsed<Token> {
        let token = self.next()?;
        self.put_back(token);
        Ok(token)
    }

    pub(super) fn peek_non_space(&mut self) -> Parsed<Token> {
        let token = self.next_non_space()?;
        self.put_back(token);
        Ok(token)
    }

    pub(super) fn written(&self, token: Token) -> &str {
        &self.source[token.start..token.end]
    }

    pub(super) fn fail<T>(&self, at: Token, message: impl Into<String>) -> Parsed<T> {
        Err(SyntaxError { at: at.start, message: message.into() })
    }

    pub(super) fn unexpected<T>(&self, token: Token, context: &str) -> Parsed<T> {
        let found = match token.kind {
            Kind::End => "end of file".to_owned(),
            Kind::Keyword(_) => format!("{{{{{}}}}}", self.written(token)),
            _ => {
                let text: String = self.written(token).chars().take(20).collect();
                format!("{text:?}")
            }
        };
        self.fail(token, format!("unexpected {found} in {context}"))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_non_space()?;
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    pub(super) fn span(&self, at: Token, start: usize, end: usize) -> Span {
        // The file's size was checked, so every offset fits.
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { at: offset(at.start), start: offset(start), end: offset(end) }
    }

    /// Counts a part of the file.
    pub(super) fn count(&mut self, at: Token) -> Parsed<()> {
        let Some(left) = self.parts_left.checked_sub(1) else {
            return self.fail(at, format!("the chart has more than {PARTS_MAX} actions and operands"));
        };
        self.parts_left = left;
        Ok(())
    }

    pub(super) fn enter(&mut self, at: Token) -> Parsed<()> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            return self.fail(at, format!("nested more than {NESTING_MAX} levels deep"));
        }
        Ok(())
    }

    fn file(&mut self, scope: &mut Scope) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        loop {
            let token = self.next_non_space()?;
            match token.kind {
                Kind::End => return Ok(nodes),
                Kind::Text => nodes.push(self.text(token)),
                Kind::Open => {
                    let keyword = self.peek_non_space()?;
                    if keyword.kind == Kind::Keyword(Keyword::Define) {
                        self.next_non_space()?;
                        self.definition()?;
                        continue;
                    }
                    match self.action(scope)? {
                        Ok(node) => nodes.push(node),
                        Err(Ending::End) => return self.fail(keyword, "unexpected {{end}}"),
                        Err(Ending::Else(token)) => return self.fail(token, "unexpected {{else}}"),
                    }
                }
                _ => return self.unexpected(token, "input"),
            }
        }
    }

    fn text(&self, token: Token) -> Node {
        let span = self.span(token, token.start, token.end);
        Node::Text { start: span.start, end: span.end }
    }

    fn definition(&mut self) -> Parsed<()> {
        let token = self.next_non_space()?;
        let name = self.template_name(token, "define clause")?;
        self.expect(Kind::Close, "define clause")?;
        self.body(name, token, "define clause")
    }

    /// The nodes of a template with a scope of its own, up to its `end`.
    fn body(&mut self, name: String, at: Token, context: &str) -> Parsed<()> {
        let mut scope = Scope::new();
        let (nodes, ending) = self.nodes(&mut scope)?;
        if let Ending::Else(token) = ending {
            return self.fail(token, format!("unexpected {{{{else}}}} in {context}"));
        }
        let definition = scope.finish(name, nodes, self.source);
        self.definitions.push((definition, at.start));
        Ok(())
    }

    fn template_name(&mut self, token: Token, context: &str) -> Parsed<String> {
        match self.string(token)? {
            Some(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            None => self.unexpected(token, context),
        }
    }

    /// The bytes of a text literal, nothing if the token is none.
    pub(super) fn string(&self, token: Token) -> Parsed<Option<Vec<u8>>> {
        match token.kind {
            Kind::Raw => Ok(Some(literal::raw(self.written(token)))),
            Kind::Quoted => match literal::quoted(self.written(token)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(message) => self.fail(token, message),
            },
            _ => Ok(None),
        }
    }

    /// Nodes up to `end` or `else`.
    fn nodes(&mut self, scope: &mut Scope) -> Parsed<(Vec<Node>, Ending)> {
        let mut nodes = Vec::new();
        loop {
            let token = self.next_non_space()?;
            match token.kind {
                Kind::End => return self.fail(token, "unexpected end of file, an {{end}} is missing"),
                Kind::Text => nodes.push(self.text(token)),
                Kind::Open => match self.action(scope)? {
                    Ok(node) => nodes.push(node),
                    Err(ending) => return Ok((nodes, ending)),
                },
                _ => return self.unexpected(token, "input"),
            }
        }
    }

    /// What stands between the delimiters; the opening one has been read.
    fn action(&mut self, scope: &mut Scope) -> Parsed<Result<Node, Ending>> {
        let token = self.next_non_space()?;
        self.count(token)?;
        let Kind::Keyword(keyword) = token.kind else {
            self.put_back(token);
            return Ok(Ok(Node::Action(self.pipeline(scope, "command", Kind::Close)?)));
        };
        match keyword {
            Keyword::Block => self.block(scope).map(Ok),
            Keyword::Break | Keyword::Continue => {
                self.expect(Kind::Close, "{{break}} or {{continue}}")?;
                if scope.ranges == 0 {
                    return self.fail(token, format!("{{{{{}}}}} outside {{{{range}}}}", self.written(token)));
                }
                Ok(Ok(if keyword == Keyword::Break { Node::Break } else { Node::Continue }))
            }
            Keyword::Define => self.unexpected(token, "command: a template can only be defined at the top of a file"),
            Keyword::Else => {
                let next = self.peek_non_space()?;
                if !matches!(next.kind, Kind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect(Kind::Close, "else")?;
                }
                Ok(Err(Ending::Else(token)))
            }
            Keyword::End => {
                self.expect(Kind::Close, "end")?;
                Ok(Err(Ending::End))
            }
            Keyword::If | Keyword::With => {
                self.enter(token)?;
                let clauses = self.clauses(scope, keyword)?;
                self.nesting -= 1;
                Ok(Ok(if keyword == Keyword::If { Node::If(clauses) } else { Node::With(clauses) }))
            }
            Keyword::Range => {
                self.enter(token)?;
                let range = self.range(scope)?;
                self.nesting -= 1;
                Ok(Ok(Node::Range(Box::new(range))))
            }
            Keyword::Template => self.template(scope).map(Ok),
        }
    }

    /// `if` or `with` with all its `else if`, which are read in a loop because charts chain dozens of them.
    fn clauses(&mut self, scope: &mut Scope, keyword: Keyword) -> Parsed<Clauses> {
        let context = if keyword == Keyword::If { "if" } else { "with" };
        let mark = scope.mark();
        let mut clauses = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let pipeline = self.pipeline(scope, context, Kind::Close)?;
            let (nodes, ending) = self.nodes(scope)?;
            clauses.push((pipeline, nodes));
            let Ending::Else(_) = ending else { break };
            let next = self.peek_non_space()?;
            match next.kind {
                Kind::Keyword(again @ (Keyword::If | Keyword::With)) => {
                    self.next_non_space()?;
                    if again != keyword {
                        return self.unexpected(next, &format!("else of {context}"));
                    }
                }
                _ => {
                    otherwise = self.otherwise(scope)?;
                    break;
                }
            }
        }
        scope.leave(mark);
        Ok(Clauses { clauses, otherwise })
    }

    fn otherwise(&mut self, scope: &mut Scope) -> Parsed<Vec<Node>> {
        let (nodes, ending) = self.nodes(scope)?;
        match ending {
            Ending::End => Ok(nodes),
            Ending::Else(token) => self.fail(token, "expected end; found {{else}}"),
        }
    }

    fn range(&mut self, scope: &mut Scope) -> Parsed<Range> {
        let mark = scope.mark();
        let pipeline = self.pipeline(scope, "range", Kind::Close)?;
        scope.ranges += 1;
        let (nodes, ending) = self.nodes(scope)?;
        scope.ranges -= 1;
        let otherwise = match ending {
            Ending::End => Vec::new(),
            Ending::Else(_) => {
                let next = self.peek_non_space()?;
                if matches!(next.kind, Kind::Keyword(_)) {
                    return self.unexpected(next, "else of range");
                }
                self.otherwise(scope)?
            }
        };
        scope.leave(mark);
        Ok(Range { pipeline, nodes, otherwise })
    }

    fn block(&mut self, scope: &mut Scope) -> Parsed<Node> {
        let context = "block clause";
        let token = self.next_non_space()?;
        let name = self.template_name(token, context)?;
        let pipeline = self.pipeline(scope, context, Kind::Close)?;
        self.enter(token)?;
        self.body(name.clone(), token, context)?;
        self.nesting -= 1;
        let span = self.span(token, token.start, token.end);
        Ok(Node::Template { span, name, pipeline: Some(pipeline) })
    }

    fn template(&mut self, scope: &mut Scope) -> Parsed<Node> {
        let context = "template clause";
        let token = self.next_non_space()?;
        let name = self.template_name(token, context)?;
        let next = self.next_non_space()?;
        let pipeline = if next.kind == Kind::Close {
            None
        } else {
            self.put_back(next);
            Some(self.pipeline(scope, context, Kind::Close)?)
        };
        Ok(Node::Template { span: self.span(token, token.start, token.end), name, pipeline })
    }
}
