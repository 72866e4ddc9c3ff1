/// Where a node's ledger and its key are.
package struct LedgerLocation: Sendable {
    /// The database file; SQLite keeps `-wal` and `-shm` beside it.
    package var database: String
    /// 32 random bytes, 0600, made on first use.
    package var keyFile: String
    /// Mixed into the key, so that a copied disk image alone opens nothing elsewhere. Source: machine-id(5).
    package var machineID: String

    package init(database: String, keyFile: String, machineID: String = "/etc/machine-id") {
        self.database = database
        self.keyFile = keyFile
        self.machineID = machineID
    }

    /// `directory` is `/var/lib/berth` in production.
    package init(directory: String, machineID: String = "/etc/machine-id") {
        self.init(database: "\(directory)/ledger.sqlite", keyFile: "\(directory)/keys/ledger.key", machineID: machineID)
    }
}
