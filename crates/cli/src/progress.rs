//! Progress on standard error for what takes longer than a second.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{task::JoinHandle, time::Instant};

use crate::output::text;

/// Silence before the first word: most work is done by then.
const QUIET: Duration = Duration::from_secs(1);
/// How often a terminal is redrawn.
const REDRAW_EVERY: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Columns that a redrawn line takes at most; longer ones could wrap and then stay.
const COLUMNS_MAX: usize = 79;

/// Work under way. Its line disappears from a terminal when it is dropped.
pub struct Progress {
    what: Arc<Mutex<String>>,
    task: JoinHandle<()>,
    is_drawn: Arc<Mutex<bool>>,
}

impl Progress {
    /// Starts to tell, after a second, what is done.
    pub fn start(what: impl Into<String>) -> Self {
        let what = Arc::new(Mutex::new(what.into()));
        let is_drawn = Arc::new(Mutex::new(false));
        let task = tokio::spawn(tell(Arc::clone(&what), Arc::clone(&is_drawn)));
        Self { what, task, is_drawn }
    }

    /// Says what is done now.
    pub fn say(&self, what: impl Into<String>) {
        *lock(&self.what) = what.into();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        // Under the lock no further drawing can follow.
        let drawn = lock(&self.is_drawn);
        if *drawn && io::stderr().is_terminal() {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}

async fn tell(what: Arc<Mutex<String>>, is_drawn: Arc<Mutex<bool>>) {
    const FRAMES: [char; 4] = ['|', '/', '-', '\\'];
    tokio::time::sleep(QUIET).await;
    let started = Instant::now();
    let is_terminal = io::stderr().is_terminal();
    let mut timer = tokio::time::interval(if is_terminal { REDRAW_EVERY } else { LINE_EVERY });
    for frame in FRAMES.iter().cycle() {
        timer.tick().await;
        let text = lock(&what).clone();
        let secs = (started.elapsed() + QUIET).as_secs();
        let mut drawn = lock(&is_drawn);
        *drawn = true;
        // Nothing can be said about a standard error that is gone.
        let _ = if is_terminal {
            let line = text::fit(&format!("{frame} {text} ({secs}s)"), COLUMNS_MAX);
            write!(io::stderr().lock(), "\r{line}\u{1b}[K")
        } else {
            writeln!(io::stderr().lock(), "{text} ({secs}s)")
        };
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
