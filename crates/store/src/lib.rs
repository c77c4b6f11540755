//! Events, blobs, leases and claims on SQLite and PostgreSQL.
