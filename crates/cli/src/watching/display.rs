//! What the watcher sees: a tree that is redrawn, or lines.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use seaway_core::execution::State;
use seaway_engine::Clock;

use super::feed::Update;
use crate::{
    cli::Format,
    context::Context,
    output::{line, text, time::Now, tree},
    terminal::{self, Paint, Role, Screen},
};

/// How often the tree is redrawn for its clocks alone.
const CLOCK_EVERY: Duration = Duration::from_millis(500);

/// Shown between Ctrl-C and the end of the process.
const LEAVING: &str = "leaving; Ctrl-C again ends this process at once";

/// A display of one rollout.
pub struct Display<'a> {
    clock: Clock,
    paint: Paint,
    mode: Mode,
    footer: &'a str,
    banner: Option<&'a str>,
    state: Option<State>,
    screen: Screen,
    is_dirty: bool,
    is_leaving: bool,
    drawn: Instant,
}

/// Where it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A tree on standard output.
    Tree,
    /// Lines on standard output.
    Lines,
    /// Lines on standard error; standard output is for programs.
    Aside,
}

impl<'a> Display<'a> {
    /// For the terminal, pipe or file that the process has.
    pub fn new(context: &Context, clock: Clock, footer: &'a str, banner: Option<&'a str>) -> Self {
        let mode = match context.format {
            Format::Json | Format::Yaml => Mode::Aside,
            Format::Table if terminal::can_redraw() => Mode::Tree,
            Format::Table => Mode::Lines,
        };
        Self {
            clock,
            paint: if mode == Mode::Aside { context.paint_err } else { context.paint },
            mode,
            footer,
            banner,
            state: None,
            screen: Screen::default(),
            is_dirty: false,
            is_leaving: false,
            drawn: Instant::now(),
        }
    }

    /// What is known.
    pub fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// Takes what is new; lines are written at once.
    pub fn update(&mut self, update: Update) {
        match update {
            Update::Whole(state) => {
                if self.state.is_none() {
                    self.write_lines(&[self.opening(&state)]);
                }
                self.state = Some(*state);
            }
            Update::Events(events) => {
                let Some(state) = &mut self.state else { return };
                let mut lines = Vec::new();
                for event in &events {
                    // The engine has folded this event into the same state before.
                    if state.apply(event).is_ok() {
                        lines.extend(line::of(state, event));
                    }
                }
                self.write_lines(&lines);
            }
        }
        self.is_dirty = true;
    }

    /// Draws the tree when something is new, or its clocks are due.
    pub fn draw(&mut self) {
        if self.mode == Mode::Tree && (self.is_dirty || self.drawn.elapsed() >= CLOCK_EVERY) {
            self.draw_with(if self.is_leaving { LEAVING } else { self.footer });
        }
    }

    /// Says that the process is about to leave.
    pub fn leaving(&mut self) {
        self.is_leaving = true;
        self.is_dirty = true;
        self.screen.distrust();
        self.write_lines(&[LEAVING.to_owned()]);
        self.draw();
    }

    /// Draws the last picture, without advice on how to leave.
    pub fn finish(&mut self) {
        if self.mode == Mode::Tree {
            self.screen.distrust();
            self.draw_with("");
        }
    }

    fn opening(&self, state: &State) -> String {
        let services: Vec<&str> = state.frame.plan.services.keys().map(|name| name.as_str()).collect();
        let stages = text::count(state.stages.len(), "stage");
        let targets = text::count(state.frame.target_count(), "target");
        let banner = self.banner.map(|banner| format!("{banner}\n")).unwrap_or_default();
        format!(
            "{banner}rollout {} of {} in {}: {targets} in {stages}, plan {}",
            state.rollout,
            text::some_of(&services, 10),
            state.frame.plan.environment,
            state.frame.hash.short()
        )
    }

    fn draw_with(&mut self, footer: &str) {
        let (Some(state), Some(size)) = (&self.state, terminal::size()) else { return };
        let now = Now(self.clock.now_ms());
        let banner = self.banner.map(|banner| self.paint.apply(Role::Warn, &text::fit(banner, size.columns - 1)));
        let rows = size.rows.saturating_sub(usize::from(banner.is_some()));
        let style = tree::Style { size: terminal::Size { rows, ..size }, paint: self.paint, now };
        let mut lines: Vec<String> = banner.into_iter().collect();
        lines.extend(tree::lines(state, footer, style));
        let out = self.screen.draw(lines, size.columns);
        write_quietly(&mut io::stdout().lock(), &out);
        self.is_dirty = false;
        self.drawn = Instant::now();
    }

    fn write_lines(&self, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        match self.mode {
            Mode::Tree => {}
            Mode::Lines => write_quietly(&mut io::stdout().lock(), &text),
            Mode::Aside => write_quietly(&mut io::stderr().lock(), &text),
        }
    }
}

/// Nobody reading any more is no reason to stop driving a rollout.
fn write_quietly(to: &mut impl Write, text: &str) {
    if !text.is_empty() {
        let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    }
}
