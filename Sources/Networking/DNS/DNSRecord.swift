/// Source: IANA, "Resource Record (RR) TYPEs".
enum DNSType {
    static let a: UInt16 = 1
    static let cname: UInt16 = 5
    static let soa: UInt16 = 6
    static let ptr: UInt16 = 12
    static let aaaa: UInt16 = 28
    static let srv: UInt16 = 33
    static let opt: UInt16 = 41
    static let any: UInt16 = 255
}

enum DNSClass {
    static let `internet`: UInt16 = 1
    static let any: UInt16 = 255
}

/// Source: IANA, "DNS RCODEs". From 16 on the upper bits travel in the OPT record.
enum DNSResponseCode: UInt16, Sendable {
    case success = 0
    case formatError = 1
    case serverFailure = 2
    case nameError = 3
    case notImplemented = 4
    case refused = 5
    case badVersion = 16
}

struct DNSQuestion: Hashable, Sendable {
    let name: DNSName
    let type: UInt16
    let `class`: UInt16

    init(name: DNSName, type: UInt16, class: UInt16 = DNSClass.internet) {
        self.name = name
        self.type = type
        self.class = `class`
    }
}

struct DNSRecord: Hashable, Sendable {
    let name: DNSName
    /// Seconds.
    let ttl: UInt32
    let data: Data

    enum Data: Hashable, Sendable {
        case address(IPAddress)
        case alias(DNSName)
        case pointer(DNSName)
        case service(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
        /// `minimum` is for how many seconds a "no" may be remembered. Source: RFC 2308.
        case authority(server: DNSName, mailbox: DNSName, serial: UInt32, minimum: UInt32)
    }

    var type: UInt16 {
        switch data {
        case .address(let address): address.isIPv4 ? DNSType.a : DNSType.aaaa
        case .alias: DNSType.cname
        case .pointer: DNSType.ptr
        case .service: DNSType.srv
        case .authority: DNSType.soa
        }
    }
}
