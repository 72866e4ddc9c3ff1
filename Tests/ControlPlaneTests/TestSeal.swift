import Sealing

extension MachineSeal {
    /// Any will do.
    static let test = MachineSeal(secret: Array(0..<32), machineID: "test", purpose: "test")
}
