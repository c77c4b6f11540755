//! Opening a store: creating it, refusing it, several processes at once.

use seaway_store::{Error, Location, Store};
use sqlx::Row;

use crate::place::{Place, note, run};

crate::on_both!(opens_at_the_same_time_from_many_sides, refuses_what_a_newer_program_wrote, refuses_calls_after_close,);

async fn opens_at_the_same_time_from_many_sides(place: Place) {
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let location = place.location.clone();
            tokio::spawn(async move {
                let store = Store::open(&location).await?;
                store.put_document("k", &format!("d{task}"), "{}").await?;
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(place.open().await.list_documents("k", None, 100).await.unwrap().len(), 8);
}

async fn refuses_what_a_newer_program_wrote(place: Place) {
    place.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                 SELECT 9000, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations";
    place.execute(newer).await;
    let refused = Store::open(&place.location).await.unwrap_err();
    assert!(matches!(refused, Error::TooNew { found: 9000, known } if known < 9000), "{refused:?}");
    assert!(refused.to_string().contains("9000"), "{refused}");
    place.execute("DELETE FROM _sqlx_migrations WHERE version = 9000").await;
    Store::open(&place.location).await.unwrap();
}

async fn refuses_calls_after_close(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1"]).await;
    store.close().await;
    store.close().await;
    assert!(matches!(store.head("s").await, Err(Error::Unreachable { .. })));
    assert!(matches!(store.acquire_lease("l", "a", 0, 1).await, Err(Error::Unreachable { .. })));
}

/// The two databases hold the same tables with the same columns of the same kinds.
#[test]
fn both_databases_get_the_same_tables() {
    run(async {
        let (sqlite, postgres) = (Place::sqlite(), Place::postgres());
        sqlite.open().await;
        postgres.open().await;
        let of_sqlite = "SELECT m.name, c.name, lower(c.type) FROM sqlite_master m, pragma_table_info(m.name) c \
                         WHERE m.type = 'table' AND m.name NOT LIKE '%sqlx%' ORDER BY 1, 2";
        let of_postgres = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), \
                           replace(CAST(data_type AS TEXT), 'bytea', 'blob') FROM information_schema.columns \
                           WHERE table_schema = 'public' AND table_name NOT LIKE '%sqlx%' ORDER BY 1, 2";
        let mut columns = Vec::new();
        for (place, sql) in [(&sqlite, of_sqlite), (&postgres, of_postgres)] {
            let rows = sqlx::query(sql).fetch_all(&mut place.raw().await).await.unwrap();
            let text = |row: &sqlx::any::AnyRow, at: usize| row.get::<String, _>(at);
            columns.push(rows.iter().map(|row| [0, 1, 2].map(|at| text(row, at))).collect::<Vec<_>>());
        }
        assert!(columns[0].len() > 30, "{columns:?}");
        assert!(columns[0].iter().all(|column| ["text", "bigint", "blob"].contains(&column[2].as_str())));
        assert_eq!(columns[0], columns[1]);
    });
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    run(async {
        let place = Place::sqlite();
        let store = place.open().await;
        note(&store, "s", 0, &["1"]).await;
        let Location::Sqlite(file) = &place.location else { panic!("not a file") };
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        let files: Vec<_> =
            std::fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    });
}

#[test]
fn any_path_names_exactly_that_file() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a b", "ä?mode=ro#x", "%41", "a%2Fb", "q&=+;", "'\"", "..x", "new/folder/state.db", "x/../y.db"] {
            let path = folder.path().join(name);
            if name.starts_with("x/") {
                std::fs::create_dir(folder.path().join("x")).unwrap();
            }
            let store = Store::open(&Location::Sqlite(path.clone())).await.unwrap();
            note(&store, "s", 0, &[name]).await;
            store.close().await;
            assert!(std::fs::metadata(&path).unwrap().len() > 0, "{name}");
            let store = Store::open(&Location::Sqlite(path)).await.unwrap();
            assert_eq!(store.read("s", 0, 2).await.unwrap()[0].body, name);
        }
        let wrong = ["", "/", ".."].map(std::path::PathBuf::from).into_iter().chain([folder.path().to_owned()]);
        for path in wrong {
            let refused = Store::open(&Location::Sqlite(path.clone())).await.unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }), "{}: {refused:?}", path.display());
        }
    });
}

/// As the reference tells to make a back-up, while a writer goes on.
#[test]
fn a_back_up_of_a_store_in_use_is_whole() {
    run(async {
        let place = Place::sqlite();
        let store = place.open().await;
        let mut head = note(&store, "s", 0, &["1", "2"]).await;
        let writer = store.clone();
        let busy = tokio::spawn(async move {
            while head < 200 {
                head = note(&writer, "s", head, &["x"]).await;
            }
        });
        let folder = tempfile::tempdir().unwrap();
        for round in 0..5 {
            let copy = folder.path().join(format!("{round}.db"));
            place.execute(&format!("VACUUM INTO '{}'", copy.display())).await;
            let restored = Store::open(&Location::Sqlite(copy)).await.unwrap();
            let audit = restored.verify_all().await.unwrap();
            assert_eq!(audit.broken, []);
            let seq = audit.intact[0].seq;
            assert_eq!(note(&restored, "s", seq, &["after the restore"]).await, seq + 1);
        }
        busy.await.unwrap();
    });
}
