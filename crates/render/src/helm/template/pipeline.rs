//! Pipelines: declarations, commands and their operands, between the delimiters of an action.

use super::lexer::{Kind, Token};
use super::literal;
use super::parser::{Parsed, Parser, Scope};
use super::tree::{Command, Operand, OperandKind, Pipeline, Slot};
use crate::helm::functions;

impl Parser<'_> {
    /// Declarations and commands up to the closing token, which is read.
    pub(super) fn pipeline(&mut self, scope: &mut Scope, context: &str, close: Kind) -> Parsed<Pipeline> {
        let first = self.peek_non_space()?;
        let (names, is_assignment) = self.variables(context)?;
        let pending = scope.names.len();
        // Declared names pass the parser from here on but have no value before the commands have run.
        scope.names.extend(names.iter().map(|name| Slot { name: name.clone(), number: None, is_element: false }));
        let mut commands = Vec::new();
        let end = loop {
            let token = self.next_non_space()?;
            match token.kind {
                kind if kind == close => break token,
                Kind::Bool
                | Kind::Char
                | Kind::Dot
                | Kind::Field
                | Kind::Name
                | Kind::Number
                | Kind::Nil
                | Kind::Raw
                | Kind::Quoted
                | Kind::Variable
                | Kind::LeftParen => {
                    self.put_back(token);
                    commands.push(self.command(scope)?);
                }
                _ => return self.unexpected(token, context),
            }
        };
        if commands.is_empty() {
            return self.fail(end, format!("missing value for {context}"));
        }
        self.check_stages(&commands, end)?;
        let variables = self.resolve(scope, pending, names, is_assignment, context == "range");
        Ok(Pipeline { span: self.span(first, first.start, end.start), variables, commands })
    }

    fn resolve(
        &self,
        scope: &mut Scope,
        pending: usize,
        names: Vec<String>,
        is_assignment: bool,
        is_range: bool,
    ) -> Vec<Slot> {
        if is_assignment {
            let undefined = |name: &String| Slot { name: name.clone(), number: None, is_element: false };
            return names.iter().map(|name| scope.find(name).unwrap_or_else(|| undefined(name))).collect();
        }
        scope.names.drain(pending..pending + names.len());
        names.iter().map(|name| scope.declare(name, is_range)).collect()
    }

    fn check_stages(&self, commands: &[Command], at: Token) -> Parsed<()> {
        for (stage, command) in commands.iter().enumerate().skip(1) {
            let is_value = matches!(
                command.operands.first().map(|operand| &operand.kind),
                Some(
                    OperandKind::Bool(_)
                        | OperandKind::Dot
                        | OperandKind::Nil
                        | OperandKind::Number(_)
                        | OperandKind::Text(_)
                )
            );
            if is_value {
                return self.fail(at, format!("non executable command in pipeline stage {}", stage + 1));
            }
        }
        Ok(())
    }

    /// `$x :=`, `$x =` or `$i, $x :=` if the pipeline starts so.
    fn variables(&mut self, context: &str) -> Parsed<(Vec<String>, bool)> {
        let mut names = Vec::new();
        loop {
            let variable = self.peek_non_space()?;
            if variable.kind != Kind::Variable {
                return Ok((names, false));
            }
            self.next_non_space()?;
            let after = self.next()?;
            let sign = if after.kind == Kind::Space { self.next_non_space()? } else { after };
            match sign.kind {
                Kind::Assign | Kind::Declare => {
                    names.push(self.written(variable).to_owned());
                    return Ok((names, sign.kind == Kind::Assign));
                }
                Kind::Other if self.written(sign) == "," => {
                    names.push(self.written(variable).to_owned());
                    if context != "range" || names.len() >= 2 {
                        return self.fail(sign, format!("too many declarations in {context}"));
                    }
                    let next = self.peek_non_space()?;
                    if !matches!(next.kind, Kind::Variable | Kind::Close | Kind::RightParen) {
                        return self.fail(next, "range can only initialize variables");
                    }
                }
                _ => {
                    self.put_back(sign);
                    if after.kind == Kind::Space {
                        self.put_back(after);
                    }
                    self.put_back(variable);
                    return Ok((names, false));
                }
            }
        }
    }

    fn command(&mut self, scope: &mut Scope) -> Parsed<Command> {
        let first = self.peek_non_space()?;
        let mut operands = Vec::new();
        let mut end = first.end;
        loop {
            self.peek_non_space()?;
            if let Some(operand) = self.operand(scope)? {
                end = operand.span.end as usize;
                operands.push(operand);
            }
            let token = self.next()?;
            match token.kind {
                Kind::Space => continue,
                Kind::Close | Kind::RightParen => self.put_back(token),
                Kind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            if operands.is_empty() {
                return self.fail(token, "empty command");
            }
            return Ok(Command { span: self.span(first, first.start, end), operands });
        }
    }

    /// A term with the fields that follow it, or nothing if no term is next.
    fn operand(&mut self, scope: &mut Scope) -> Parsed<Option<Operand>> {
        let Some(mut operand) = self.term(scope)? else {
            return Ok(None);
        };
        let first = self.peek()?;
        if first.kind != Kind::Field {
            return Ok(Some(operand));
        }
        let mut names = Vec::new();
        let mut end = first.end;
        while self.peek()?.kind == Kind::Field {
            let token = self.next()?;
            end = token.end;
            names.push(self.written(token)[1..].to_owned());
        }
        let start = operand.span.start as usize;
        let span = self.span(first, start, end);
        let kind = match operand.kind {
            OperandKind::Field(mut fields) => {
                fields.append(&mut names);
                OperandKind::Field(fields)
            }
            OperandKind::Variable(slot, mut fields) => {
                fields.append(&mut names);
                OperandKind::Variable(slot, fields)
            }
            OperandKind::Bool(_)
            | OperandKind::Text(_)
            | OperandKind::Number(_)
            | OperandKind::Nil
            | OperandKind::Dot => {
                let term = &self.source[start..operand.span.end as usize];
                return self.fail(first, format!("unexpected . after term {term:?}"));
            }
            OperandKind::Function(_) | OperandKind::Pipeline(_) | OperandKind::Chain(..) => {
                return Ok(Some(Operand { span, kind: OperandKind::Chain(Box::new(operand), names) }));
            }
        };
        operand = Operand { span, kind };
        Ok(Some(operand))
    }

    fn term(&mut self, scope: &mut Scope) -> Parsed<Option<Operand>> {
        let token = self.next_non_space()?;
        self.count(token)?;
        let written = self.written(token);
        let kind = match token.kind {
            Kind::Name => match functions::find(written) {
                Some(function) => OperandKind::Function(function),
                None => return self.fail(token, functions::unknown(written)),
            },
            Kind::Dot => OperandKind::Dot,
            Kind::Nil => OperandKind::Nil,
            Kind::Bool => OperandKind::Bool(written == "true"),
            Kind::Field => OperandKind::Field(vec![written[1..].to_owned()]),
            Kind::Variable => match scope.find(written) {
                Some(slot) => OperandKind::Variable(slot, Vec::new()),
                None => return self.fail(token, format!("undefined variable {written:?}")),
            },
            Kind::Number => match literal::number(written) {
                Ok(number) => OperandKind::Number(number),
                Err(message) => return self.fail(token, message),
            },
            Kind::Char => match literal::char(written) {
                Ok(number) => OperandKind::Number(number),
                Err(message) => return self.fail(token, message),
            },
            Kind::Quoted | Kind::Raw => OperandKind::Text(self.string(token)?.unwrap_or_default()),
            Kind::LeftParen => {
                self.enter(token)?;
                let pipeline = self.pipeline(scope, "parenthesized pipeline", Kind::RightParen)?;
                self.nesting -= 1;
                let end = pipeline.span.end as usize + 1;
                let span = self.span(token, token.start, end);
                return Ok(Some(Operand { span, kind: OperandKind::Pipeline(Box::new(pipeline)) }));
            }
            _ => {
                self.put_back(token);
                return Ok(None);
            }
        };
        Ok(Some(Operand { span: self.span(token, token.start, token.end), kind }))
    }
}
