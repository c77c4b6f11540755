//! Documents: small JSON texts under a kind and an id, such as plans. A document is created once,
//! or replaced by a writer that says which revision it has read.

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::limit::{check_body, check_name, page, prefix_bound, to_i64};
use crate::rollout::{candidate_limit, only_one};
use crate::transaction::Transaction;
use crate::{Error, Store};

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its id within its kind.
    pub id: String,
    /// 1 when created, one more with each replacement.
    pub revision: u64,
    /// JSON text.
    pub json: String,
}

impl Store {
    /// Creates a document and answers its revision. The same text under the same id is no error
    /// and changes nothing; another text is [`Error::Conflict`] with the stored revision.
    pub async fn put_document(&self, kind: &str, id: &str, json: &str) -> Result<u64, Error> {
        match self.replace_document(kind, id, json, 0).await {
            Err(Error::Conflict { expected, found }) => match self.get_document(kind, id).await {
                Ok(stored) if stored.json == json => Ok(stored.revision),
                Ok(_) | Err(Error::NotFound { .. }) => Err(Error::Conflict { expected, found }),
                Err(error) => Err(error),
            },
            other => other,
        }
    }

    /// Replaces the document if its revision is `expected` (0: there is none) and answers the new
    /// revision; else [`Error::Conflict`] with the stored one.
    pub async fn replace_document(&self, kind: &str, id: &str, json: &str, expected: u64) -> Result<u64, Error> {
        check_name("a document kind", kind)?;
        check_name("a document id", id)?;
        check_body("a document", json)?;
        let mut tx = self.begin().await?;
        let work = replace(&mut tx, kind, id, json, expected).await;
        tx.finish(work).await
    }

    /// One document; [`Error::NotFound`].
    pub async fn get_document(&self, kind: &str, id: &str) -> Result<Document, Error> {
        let sql = "SELECT id, revision, body FROM documents WHERE kind = $1 AND id = $2";
        let document = |row: &AnyRow| {
            let revision = row.try_get::<i64, _>(1)?.unsigned_abs();
            Ok(Document { id: row.try_get(0)?, revision, json: row.try_get(2)? })
        };
        let found = self.first(sqlx::query(sql).bind(kind).bind(id), document).await?;
        found.ok_or_else(|| Error::NotFound { what: kind.to_owned(), name: id.to_owned() })
    }

    /// The ids of all documents of a kind that come after `after`, sorted, at most `limit`.
    pub async fn list_documents(&self, kind: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
        let sql = "SELECT id FROM documents WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
        let ids = sqlx::query(sql).bind(kind).bind(after.unwrap_or_default()).bind(page(limit));
        self.all(ids, |row| row.try_get(0)).await
    }

    /// The document with this id, or the only one whose id begins so. [`Error::NotFound`],
    /// [`Error::Ambiguous`].
    pub async fn resolve_document(&self, kind: &str, prefix: &str) -> Result<Document, Error> {
        let sql = "SELECT id FROM documents WHERE kind = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4";
        let fitting = sqlx::query(sql).bind(kind).bind(prefix).bind(prefix_bound(prefix)).bind(candidate_limit());
        let id = only_one(kind, prefix, self.all(fitting, |row| row.try_get(0)).await?)?;
        self.get_document(kind, &id).await
    }
}

async fn replace(tx: &mut Transaction, kind: &str, id: &str, json: &str, expected: u64) -> Result<u64, Error> {
    let old = to_i64("a revision", expected)?;
    let write = if expected == 0 {
        let sql = "INSERT INTO documents (kind, id, revision, body) VALUES ($1, $2, 1, $3) \
                   ON CONFLICT (kind, id) DO NOTHING";
        sqlx::query(sql).bind(kind).bind(id).bind(json)
    } else {
        let sql = "UPDATE documents SET revision = revision + 1, body = $3 \
                   WHERE kind = $1 AND id = $2 AND revision = $4";
        sqlx::query(sql).bind(kind).bind(id).bind(json).bind(old)
    };
    if tx.execute(write).await? == 1 {
        return Ok(expected + 1);
    }
    let revision = sqlx::query("SELECT revision FROM documents WHERE kind = $1 AND id = $2").bind(kind).bind(id);
    let found = tx.first(revision, |row| row.try_get::<i64, _>(0)).await?.unwrap_or(0).unsigned_abs();
    Err(Error::Conflict { expected, found })
}
