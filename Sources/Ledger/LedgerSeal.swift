import Sealing

extension MachineSeal {
    /// The ledger's.
    init(of location: LedgerLocation) throws(LedgerError) {
        do throws(SealError) {
            try self.init(keyFile: location.keyFile, machineID: location.machineID, purpose: "berth ledger v1")
        } catch {
            throw LedgerError(error)
        }
    }
}

extension LedgerError {
    init(_ error: SealError) {
        self =
            switch error {
            case .keyUnavailable(let file, let reason): .keyUnavailable(file: file, reason: reason)
            case .unsealable(let what): .unsealable(what: what)
            }
    }
}
