internal import GRDB

/// The schema as an append-only list: a released migration never changes, a new need is a new one at the end.
enum LedgerSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, sql) in migrations {
            migrator.registerMigration(name) { try $0.execute(sql: sql) }
        }
        return migrator
    }

    /// Times are seconds since 1970 as REAL. Columns that hold JSON are named for what the JSON is.
    static let migrations: [(name: String, sql: String)] = [
        (
            "1 node memory",
            """
            CREATE TABLE node_fact (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;

            CREATE TABLE pod (
              uid TEXT PRIMARY KEY NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
              source TEXT NOT NULL, resource_version TEXT NOT NULL, object BLOB NOT NULL, state TEXT NOT NULL,
              boot_id TEXT NOT NULL, status BLOB, admitted_at REAL NOT NULL, started_at REAL, finished_at REAL);
            CREATE INDEX pod_by_name ON pod (namespace, name);

            CREATE TABLE pod_object (
              pod_uid TEXT NOT NULL REFERENCES pod ON DELETE CASCADE, kind TEXT NOT NULL, name TEXT NOT NULL,
              resource_version TEXT NOT NULL, is_sealed INTEGER NOT NULL, body BLOB NOT NULL, expires_at REAL,
              PRIMARY KEY (pod_uid, kind, name));

            CREATE TABLE sandbox (
              pod_uid TEXT NOT NULL REFERENCES pod ON DELETE CASCADE, attempt INTEGER NOT NULL, state TEXT NOT NULL,
              pid INTEGER NOT NULL, process_start_time INTEGER NOT NULL, boot_id TEXT NOT NULL, cgroup TEXT NOT NULL,
              created_at REAL NOT NULL, ended_at REAL,
              PRIMARY KEY (pod_uid, attempt));

            CREATE TABLE container (
              id TEXT PRIMARY KEY NOT NULL, pod_uid TEXT NOT NULL REFERENCES pod ON DELETE CASCADE,
              name TEXT NOT NULL, kind TEXT NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL,
              pid INTEGER NOT NULL, process_start_time INTEGER NOT NULL, boot_id TEXT NOT NULL,
              image TEXT NOT NULL, image_id TEXT NOT NULL,
              created_at REAL NOT NULL, started_at REAL, finished_at REAL,
              exit_code INTEGER, signal INTEGER, reason TEXT NOT NULL, message TEXT NOT NULL,
              restart_count INTEGER NOT NULL, back_off_seconds REAL NOT NULL, back_off_until REAL);
            CREATE INDEX container_by_pod ON container (pod_uid, name, attempt);

            CREATE TABLE probe (
              container_id TEXT NOT NULL REFERENCES container ON DELETE CASCADE, kind TEXT NOT NULL, state BLOB NOT NULL,
              PRIMARY KEY (container_id, kind));

            CREATE TABLE network (
              pod_uid TEXT PRIMARY KEY NOT NULL, network TEXT NOT NULL, namespace_path TEXT NOT NULL, ips TEXT NOT NULL,
              result BLOB NOT NULL, added_at REAL NOT NULL);

            CREATE TABLE volume (
              id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
              persistent_volume TEXT NOT NULL, claim_namespace TEXT NOT NULL, claim_name TEXT NOT NULL, claim_uid TEXT NOT NULL,
              capacity_bytes INTEGER NOT NULL, source TEXT NOT NULL, staging_path TEXT NOT NULL, identity TEXT,
              created_at REAL NOT NULL, trashed_at REAL);

            CREATE TABLE publication (
              pod_uid TEXT NOT NULL, volume_name TEXT NOT NULL, volume_id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
              path TEXT NOT NULL, is_read_only INTEGER NOT NULL, is_mount INTEGER NOT NULL, identity TEXT, fs_group INTEGER,
              published_at REAL NOT NULL,
              PRIMARY KEY (pod_uid, volume_name));
            CREATE INDEX publication_by_volume ON publication (volume_id);

            CREATE TABLE image_use (image_id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, last_used_at REAL NOT NULL);

            CREATE TABLE outbox (
              sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
              created_at REAL NOT NULL, UNIQUE (kind, key));

            CREATE TABLE intent (
              sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
              boot_id TEXT NOT NULL, begun_at REAL NOT NULL, finished_at REAL, failure TEXT);
            CREATE INDEX intent_open ON intent (sequence) WHERE finished_at IS NULL;
            """
        ),
        ("2 agent record", "ALTER TABLE pod ADD COLUMN record BLOB;"),
        // What they were made for is in the record.
        ("3 containers and probes in the record", "DROP TABLE probe; DROP TABLE container;"),
        (
            "4 catalog of services",
            "CREATE TABLE catalog (kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key));"
        ),
    ]
}
