//! What only a PostgreSQL server can do to a store.

use std::error::Error as _;
use std::time::{Duration, Instant};

use seaway_store::{Append, Error, Location, Options, Store};
use sqlx::Row;

use crate::place::{Place, append, event, note, run, server};

/// Everything that a person or a log could see of an error.
fn all_words(error: &Error) -> String {
    let mut words = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(inner) = source {
        words.push_str(&format!(" {inner} {inner:?}"));
        source = inner.source();
    }
    words
}

#[test]
fn no_error_shows_the_password() {
    run(async {
        let url = server().create_database().unwrap();
        let password = "s3cr3t-w0rd";
        let wrong = |url: String| Location::Postgres(url);
        let free_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = Options { connect_timeout: Duration::from_secs(5), ..Options::default() };
        let with_password = url.replace(server().password(), password);
        let cases = [
            (wrong(with_password.clone()), "Denied"),
            (wrong(format!("postgres://u:{password}@127.0.0.1:{free_port}/d")), "Unreachable"),
            (wrong(format!("postgres://u:{password}@127.0.0.1:99999/d")), "Invalid"),
            (wrong(format!("postgres://u:{password}@[/d")), "Invalid"),
            (wrong(format!("mysql://u:{password}@127.0.0.1/d")), "Invalid"),
            (wrong(password.to_owned()), "Invalid"),
            (wrong(format!("{with_password}?sslmode={password}")), "Invalid"),
            (wrong(format!("{url}_missing")), "Unreachable"),
        ];
        for (location, expected) in cases {
            let error = Store::open_with(&location, &options).await.unwrap_err();
            let words = all_words(&error);
            assert!(!words.contains(password) && !words.contains(server().password()), "{words}");
            assert!(format!("{error:?}").starts_with(expected), "{location}: {error:?}");
        }
        let store = Store::open(&Location::Postgres(url)).await.unwrap();
        let shown = format!("{store:?} {}", store.name());
        assert!(!shown.contains(server().password()), "{shown}");
    });
}

#[test]
fn names_have_the_same_order_whatever_language_the_server_speaks() {
    run(async {
        let location = Location::Postgres(server().create_english_database().unwrap());
        let store = Store::open(&location).await.unwrap();
        for name in ["b", "B", "a", "-c", "ä", "a/1", "A/1"] {
            note(&store, name, 0, &["1"]).await;
        }
        let names: Vec<String> = store.streams("", None, 10).await.unwrap().into_iter().map(|s| s.stream).collect();
        assert_eq!(names, ["-c", "A/1", "B", "a", "a/1", "b", "ä"]);
        let under: Vec<String> = store.streams("a", None, 10).await.unwrap().into_iter().map(|s| s.stream).collect();
        assert_eq!(under, ["a", "a/1"]);
        assert_eq!(store.verify_all().await.unwrap().intact.len(), 7);
    });
}

#[test]
fn a_database_that_cannot_hold_every_character_is_refused() {
    run(async {
        let location = Location::Postgres(server().create_latin_database().unwrap());
        let refused = Store::open(&location).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid { why, .. } if why.contains("LATIN1")), "{refused:?}");
    });
}

/// Ends all other connections to the database, as a restart of the server does.
async fn cut_connections(place: &Place) {
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM ({cut}) cut")));
    let row = rows.fetch_one(&mut place.raw().await).await.unwrap();
    assert!(row.get::<i64, _>(0) > 0);
}

#[test]
fn goes_on_after_the_server_cut_all_connections() {
    run(async {
        let place = Place::postgres();
        let store = place.open().await;
        let mut head = 0;
        for _ in 0..5 {
            head = note(&store, "s", head, &["x"]).await;
            cut_connections(&place).await;
            assert_eq!(store.head("s").await.unwrap(), head);
        }
        // Cut while writers are busy: each answer is true, and the record has no gap.
        let writer = store.clone();
        let busy = tokio::spawn(async move {
            let (mut head, mut unknown) = (5, 0);
            for _ in 0..300 {
                match writer.append(append("s", head, &[event("y")])).await {
                    Ok(seq) => head = seq,
                    Err(Error::Unreachable { .. }) => {
                        // The outcome is unknown: look.
                        unknown += 1;
                        let found = writer.head("s").await.unwrap_or(head);
                        assert!(found == head || found == head + 1, "{head} {found}");
                        head = found;
                    }
                    Err(Error::Conflict { expected, found }) => {
                        assert_eq!((expected, found), (head, head + 1));
                        assert!(unknown > 0);
                        head = found;
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
            (head, unknown)
        });
        while !busy.is_finished() {
            let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
            sqlx::query(cut).fetch_one(&mut place.raw().await).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (head, unknown) = busy.await.unwrap();
        assert!(unknown > 0, "no append was disturbed");
        let found = place.open().await.verify("s").await.unwrap().seq;
        assert!(found == head || found == head + 1, "{head} {found}");
    });
}

fn database_of(place: &Place) -> String {
    place.url().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_server_that_only_reads_is_named() {
    run(async {
        let place = Place::postgres();
        place.open().await.close().await;
        let database = database_of(&place);
        place.execute(&format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
        let store = place.open().await;
        let refused = store.append(append("s", 0, &[event("1")])).await;
        assert!(matches!(refused, Err(Error::ReadOnly { .. })), "{refused:?}");
        assert_eq!(store.head("s").await.unwrap(), 0);
    });
}

#[test]
fn a_row_that_another_client_locks_is_waited_for_and_then_named() {
    run(async {
        let place = Place::postgres();
        let options = Options { busy_timeout: Duration::from_millis(200), ..Options::default() };
        let store = place.open_with(&options).await;
        note(&store, "s", 0, &["1"]).await;
        let mut other = place.raw().await;
        sqlx::raw_sql("BEGIN; SELECT * FROM streams FOR UPDATE").execute(&mut other).await.unwrap();
        let refused = store.append(append("s", 1, &[event("2")])).await;
        assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        assert_eq!(note(&store, "s", 1, &["2"]).await, 2);
    });
}

#[test]
fn commits_are_durable_even_where_the_server_is_told_otherwise() {
    run(async {
        let place = Place::postgres();
        let database = database_of(&place);
        place.execute(&format!("ALTER DATABASE {database} SET synchronous_commit = off")).await;
        let store = place.open().await;
        // The store's connections are the only ones that can tell.
        place
            .execute(
                "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN NEW.body := current_setting(''synchronous_commit''); RETURN NEW; END'",
            )
            .await;
        place.execute("CREATE TRIGGER tell BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION tell()").await;
        store.put_document("k", "d", "{}").await.unwrap();
        assert_eq!(store.get_document("k", "d").await.unwrap().json, "on");
    });
}

/// Waits until another connection to this database waits for a lock.
async fn wait_for_a_waiter(conn: &mut sqlx::AnyConnection) {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let began = Instant::now();
    while sqlx::query(waiting).fetch_one(&mut *conn).await.unwrap().get::<i64, _>(0) == 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody waits for a lock");
        tokio::task::yield_now().await;
    }
}

/// An append that has passed its fence but not yet committed keeps the lease where it is: whoever
/// takes it over afterwards reads everything that the former holder wrote.
#[test]
fn a_lease_is_not_taken_over_in_the_middle_of_an_append() {
    run(async {
        let place = Place::postgres();
        let store = place.open().await;
        note(&store, "s", 0, &["1"]).await;
        let fence = store.acquire_lease("l", "a", 0, 1).await.unwrap().fence();
        // Somebody keeps the append from going on after its first step.
        let mut other = place.raw().await;
        sqlx::raw_sql("BEGIN; SELECT * FROM streams FOR UPDATE").execute(&mut other).await.unwrap();
        let writer = store.clone();
        let busy = tokio::spawn(async move {
            let events = [event("2")];
            writer.append(Append { fence: Some(&fence), ..append("s", 1, &events) }).await
        });
        wait_for_a_waiter(&mut place.raw().await).await;
        let impatient = Options { busy_timeout: Duration::from_millis(200), ..Options::default() };
        let refused = place.open_with(&impatient).await.acquire_lease("l", "b", 10, 1).await;
        assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        assert_eq!(busy.await.unwrap().unwrap(), 2);
        assert_eq!(store.acquire_lease("l", "b", 10, 1).await.unwrap().epoch, 2);
    });
}

/// The other way round: a take-over under way refuses the former holder when it is done.
#[test]
fn an_append_waits_for_a_take_over_under_way_and_is_refused() {
    run(async {
        let place = Place::postgres();
        let store = place.open().await;
        let fence = store.acquire_lease("l", "a", 0, 1).await.unwrap().fence();
        let mut other = place.raw().await;
        let take_over = "BEGIN; UPDATE leases SET epoch = epoch + 1, holder = 'b'";
        sqlx::raw_sql(take_over).execute(&mut other).await.unwrap();
        let writer = store.clone();
        let busy = tokio::spawn(async move {
            let events = [event("1")];
            writer.append(Append { fence: Some(&fence), ..append("s", 0, &events) }).await
        });
        wait_for_a_waiter(&mut place.raw().await).await;
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        let refused = busy.await.unwrap();
        assert!(matches!(refused, Err(Error::Fenced { epoch: 1, .. })), "{refused:?}");
        assert_eq!(store.head("s").await.unwrap(), 0);
    });
}
