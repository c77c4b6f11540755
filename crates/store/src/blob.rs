//! Blobs: bytes under the digest of their content, such as rendered objects. Never changed; the
//! content is compared with the digest when it comes in and when it goes out.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row};

use crate::block::{blocks, places, rows};
use crate::limit::{MAX_BLOB_BYTES, check_size};
use crate::transaction::Transaction;
use crate::{Error, Store};

/// Digests per query.
const BLOCK: usize = 256;

/// Blobs up to this size are written several at a time.
const SMALL_BYTES: usize = 64 << 10;

/// How many at a time: a bounded amount of memory, few round trips.
const SMALL_ROWS: usize = 32;

/// The digest of some content, `sha256:` and 64 hexadecimal digits.
pub fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(content)))
}

impl Store {
    /// Stores what is not there yet, all or nothing. [`Error::Invalid`] when a digest is not that
    /// of its content.
    pub async fn put_blobs<D: AsRef<str>, B: AsRef<[u8]>>(&self, blobs: &[(D, B)]) -> Result<(), Error> {
        // Sorted: two writers that insert the same blobs never wait for each other in a circle.
        let mut wanted = BTreeMap::new();
        for (claimed, content) in blobs {
            let (claimed, content) = (claimed.as_ref(), content.as_ref());
            check_size("a blob", content.len(), MAX_BLOB_BYTES)?;
            let real = digest(content);
            if claimed != real {
                let why = format!("its content has the digest `{real}`, not `{claimed}`");
                return Err(Error::Invalid { what: "a blob", why });
            }
            wanted.insert(real, content);
        }
        let digests: Vec<&str> = wanted.keys().map(String::as_str).collect();
        let missing: BTreeSet<String> = self.missing_blobs(&digests).await?.into_iter().collect();
        wanted.retain(|digest, _| missing.contains(digest));
        if wanted.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let work = insert(&mut tx, &wanted).await;
        tx.finish(work).await
    }

    /// The content of a blob; [`Error::NotFound`], or [`Error::Corrupt`] when what is stored is
    /// not what was written.
    pub async fn get_blob(&self, wanted: &str) -> Result<Vec<u8>, Error> {
        let sql = "SELECT content FROM blobs WHERE digest = $1";
        let content: Option<Vec<u8>> = self.first(sqlx::query(sql).bind(wanted), |row| row.try_get(0)).await?;
        let content = content.ok_or_else(|| Error::NotFound { what: "blob".to_owned(), name: wanted.to_owned() })?;
        let found = digest(&content);
        if found == wanted {
            Ok(content)
        } else {
            Err(self.corrupt(format!("blob `{wanted}` has content with the digest `{found}`")))
        }
    }

    /// Those of the digests that are not stored, each once, in the given order.
    pub async fn missing_blobs<D: AsRef<str>>(&self, digests: &[D]) -> Result<Vec<String>, Error> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for block in blocks(digests, BLOCK) {
            let sql = format!("SELECT digest FROM blobs WHERE digest IN ({})", places(1, block.len()));
            let known = block.iter().fold(sqlx::query(AssertSqlSafe(sql)), |sql, digest| sql.bind(digest.as_ref()));
            seen.extend(self.all(known, |row| row.try_get::<String, _>(0)).await?);
        }
        let missing = digests.iter().map(AsRef::as_ref).filter(|digest| seen.insert((*digest).to_owned()));
        Ok(missing.map(str::to_owned).collect())
    }
}

async fn insert(tx: &mut Transaction, blobs: &BTreeMap<String, &[u8]>) -> Result<(), Error> {
    let (small, large): (Vec<_>, Vec<_>) = blobs.iter().partition(|(_, content)| content.len() <= SMALL_BYTES);
    for block in blocks(&small, SMALL_ROWS).chain(blocks(&large, 1)) {
        let sql = format!(
            "INSERT INTO blobs (digest, content) VALUES {} ON CONFLICT (digest) DO NOTHING",
            rows(block.len(), 2)
        );
        let insert = block
            .iter()
            .fold(sqlx::query(AssertSqlSafe(sql)), |sql, (digest, content)| sql.bind(digest.as_str()).bind(**content));
        tx.execute(insert).await?;
    }
    Ok(())
}
