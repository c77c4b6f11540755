//! What an append costs: microseconds per event for appends of 1, 10 and 100 events on SQLite with
//! `synchronous=FULL`, next to a plain file to which the same bytes are appended and synced.
//!
//! `cargo run --release -p seaway-store --example append_cost [FOLDER]`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seaway_store::{Append, Fence, Location, NewEvent, RolloutRow, Store};

/// Bytes of one event's body: a step's result with its evidence.
const BODY_BYTES: usize = 300;
/// How long each row is measured.
const MEASURE: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("seaway-append-cost-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(measure(&folder));
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn measure(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    println!("events of {BODY_BYTES} bytes in {}", folder.display());
    println!(
        "{:>7}  {:>14}  {:>14}  {:>6}  {:>14}",
        "events", "SQLite µs/event", "file µs/event", "ratio", "+lease, index"
    );
    let store = Store::open(&Location::Sqlite(folder.join("state.db"))).await?;
    let fence = store.acquire_lease("bench", "bench", 0, i64::MAX).await?.fence();
    for count in [1, 10, 100] {
        let events: Vec<NewEvent> = (0..count).map(event).collect();
        let plain = appends(&store, &format!("plain/{count}"), &events, None).await?;
        let full = appends(&store, &format!("full/{count}"), &events, Some(&fence)).await?;
        let file = synced_file(&folder.join(format!("plain-{count}")), &events)?;
        println!("{count:>7}  {plain:>15.1}  {file:>14.1}  {:>6.2}  {full:>14.1}", plain / file);
    }
    let began = Instant::now();
    let read = store.read("full/100", 0, 10_000).await?.len();
    println!("read and checked {read} events: {:.1} µs/event", micros(began.elapsed(), read));
    store.close().await;
    Ok(())
}

fn event(number: usize) -> NewEvent {
    NewEvent {
        kind: "step_finished".to_owned(),
        version: 1,
        at_ms: 1_700_000_000_000,
        by: "bench@example.com".to_owned(),
        body: format!("{{\"step\":{number},\"log\":\"{}\"}}", "x".repeat(BODY_BYTES - 24)),
    }
}

async fn appends(
    store: &Store,
    stream: &str,
    events: &[NewEvent],
    fence: Option<&Fence>,
) -> Result<f64, seaway_store::Error> {
    let row = RolloutRow {
        id: stream.to_owned(),
        environment: "prod".to_owned(),
        services: "[\"shop\"]".to_owned(),
        plan: "sha256:00".to_owned(),
        phase: "Running".to_owned(),
        created_ms: 0,
        updated_ms: 0,
    };
    let index = fence.map(|_| &row);
    let began = Instant::now();
    let mut head = 0;
    while began.elapsed() < MEASURE {
        head = store.append(Append { stream, expected_seq: head, fence, events, index, claims: None }).await?;
    }
    Ok(micros(began.elapsed(), usize::try_from(head).unwrap_or(usize::MAX)))
}

fn synced_file(path: &Path, events: &[NewEvent]) -> std::io::Result<f64> {
    let mut file = std::fs::File::create(path)?;
    let began = Instant::now();
    let mut written = 0;
    while began.elapsed() < MEASURE {
        let mut bytes = Vec::new();
        for event in events {
            writeln!(bytes, "{} {} {} {} {}", event.kind, event.version, event.at_ms, event.by, event.body)?;
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        written += events.len();
    }
    Ok(micros(began.elapsed(), written))
}

fn micros(elapsed: Duration, events: usize) -> f64 {
    elapsed.as_secs_f64() * 1e6 / f64::from(u32::try_from(events.max(1)).unwrap_or(u32::MAX))
}
