//! A canary in a Secret: nothing that leaves the driver may hold it, in any encoding that it passes through.

use std::{
    cell::Cell,
    io,
    sync::{Arc, Mutex},
};

use seaway_core::{execution::Failure, plan::Change};
use serde_json::{Value, json};
use tracing_subscriber::{Layer, filter::dynamic_filter_fn, fmt::MakeWriter, layer::SubscriberExt};

use crate::support::Place;

/// Plain and in base64, as Secrets hold it.
const CANARY: [&str; 2] = ["kanarienvogel-7391", "a2FuYXJpZW52b2dlbC03Mzkx"];

thread_local! {
    static IS_HEARD: Cell<bool> = const { Cell::new(false) };
}

/// Everything that this thread logs, on all levels.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn secret(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})
}

fn assert_no_canary(what: &str, text: &str) {
    for canary in CANARY {
        assert!(!text.contains(canary), "{what} holds the secret: {text}");
    }
}

#[tokio::test]
async fn secrets_never_leave_the_driver() {
    let log = Log::default();
    // For the whole process, because what another thread logs first without a subscriber is never asked for again.
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    let lines = lines.with_filter(dynamic_filter_fn(|_, _| IS_HEARD.get()));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines)).unwrap();
    IS_HEARD.set(true);
    scenario().await;
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("secrets/"), "requests are logged");
    assert_no_canary("the log", &logged);
}

async fn scenario() {
    let place = Place::shared("secrets").await;
    let check = |what: &str, result: &Result<seaway_core::execution::Report, Failure>| {
        assert_no_canary(what, &format!("{result:?}"));
    };
    let with = |value: &str| place.desired(vec![secret("s", json!({"password": value}))]);
    check("the first apply", &place.apply(&with(CANARY[0])).await);
    check("verify", &place.verify(&with(CANARY[0])).await);

    // A change: the plan names the field, not the values.
    let second = place.desired(vec![secret("s", json!({"password": format!("{}-2", CANARY[0])}))]);
    let plan = place.difference(&second).await;
    assert_eq!(plan.changes[0].change, Change::Modify);
    let fields: Vec<_> = plan.changes[0].fields.iter().map(|f| (f.path.as_str(), f.sensitive)).collect();
    assert!(fields.iter().all(|(path, sensitive)| path.starts_with("data") && *sensitive), "{fields:?}");
    assert_no_canary("the plan", &format!("{plan:?}"));
    check("the second apply", &place.apply(&second).await);
    assert_no_canary("the inventory", &place.inventory().to_string());

    // Refusals, in which API servers like to repeat what they refuse.
    let mut typed = secret("bad-type", json!({}));
    typed["data"] = json!({"password": CANARY[0]});
    let mut immutable = secret("s", json!({"password": CANARY[0]}));
    immutable["type"] = json!("kubernetes.io/basic-auth");
    let mut twice = secret("number", json!({}));
    twice["stringData"] = json!({"password": {"nested": CANARY[0]}});
    for manifest in [typed, immutable, twice] {
        let desired = place.desired(vec![manifest.clone()]);
        let plan = place.difference(&desired).await;
        assert_eq!(plan.changes.iter().filter(|c| c.change == Change::Refused).count(), 1, "{:?}", plan.changes);
        assert_no_canary("a refusing plan", &format!("{plan:?}"));
        let result = place.apply(&desired).await;
        assert!(result.is_err());
        check("a refused apply", &result);
    }
    // Somebody else's field, with the value in the way.
    let path = place.path("secrets", "s");
    let theirs =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "x"}});
    place.bed().patch_apply(&path, &theirs, "their-tool", true).unwrap();
    let third = with(CANARY[0]);
    let plan = place.difference(&third).await;
    assert_no_canary("a conflicting plan", &format!("{plan:?}"));
    check("a conflicting apply", &place.apply(&third).await);
}
