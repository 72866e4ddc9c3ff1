/// One message of D-Bus, little-endian. Source: D-Bus specification, "Message Protocol".
package struct DBusMessage: Hashable, Sendable {
    package enum Kind: UInt8, Sendable { case call = 1, answer = 2, failure = 3, signal = 4 }

    package var kind: Kind
    /// Never zero.
    package var serial: UInt32
    /// Of the call that an answer answers.
    package var answers: UInt32?
    package var path: String?
    package var interface: String?
    package var member: String?
    package var errorName: String?
    package var destination: String?
    /// Of the body: `ssss`, `b`.
    package var signature: String
    package var body: [UInt8]
    /// Descriptors that travel with it.
    package var descriptorCount: UInt32

    package init(_ kind: Kind, serial: UInt32, signature: String = "", body: [UInt8] = []) {
        self.kind = kind
        self.serial = serial
        self.signature = signature
        self.body = body
        descriptorCount = 0
    }

    /// A method call whose arguments are strings, and then a number, if there is one.
    package static func call(
        _ member: String, of interface: String, at path: String, on destination: String, _ arguments: [String], number: UInt32? = nil, serial: UInt32
    ) -> DBusMessage {
        var body = DBusWriter()
        for argument in arguments { body.string(argument) }
        var signature = String(repeating: "s", count: arguments.count)
        if let number {
            body.number(number)
            signature += "i"
        }
        var message = DBusMessage(.call, serial: serial, signature: signature, body: body.bytes)
        message.path = path
        message.interface = interface
        message.member = member
        message.destination = destination
        return message
    }

    package var bytes: [UInt8] {
        var fields = DBusWriter()
        fields.field(1, "o", path)
        fields.field(2, "s", interface)
        fields.field(3, "s", member)
        fields.field(4, "s", errorName)
        if let answers { fields.field(5, answers) }
        fields.field(6, "s", destination)
        if !signature.isEmpty {
            fields.align(8)
            fields.bytes += [8]
            fields.signature("g")
            fields.signature(signature)
        }
        if descriptorCount > 0 { fields.field(9, descriptorCount) }
        var writer = DBusWriter()
        writer.bytes = [UInt8(ascii: "l"), kind.rawValue, 0, 1]
        writer.number(UInt32(body.count))
        writer.number(serial)
        writer.number(UInt32(fields.bytes.count))
        // Twelve bytes and a length: the fields begin aligned to eight.
        writer.bytes += fields.bytes
        writer.align(8)
        return writer.bytes + body
    }

    /// How long the message is whose beginning `bytes` are; nil while that cannot be told, which takes 16 bytes.
    ///
    /// - Returns: zero for something that is no message of this side's byte order.
    package static func length(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 16 else { return nil }
        guard bytes[0] == UInt8(ascii: "l") else { return 0 }
        var reader = DBusReader(bytes)
        reader.position = 4
        guard let body = reader.number() else { return nil }
        reader.position = 12
        guard let fields = reader.number(), body <= 1 << 20, fields <= 1 << 20 else { return 0 }
        return (16 + Int(fields) + 7) / 8 * 8 + Int(body)
    }

    /// Nil when it is no message.
    package init?(parsing bytes: [UInt8]) {
        guard let length = Self.length(of: bytes), length == bytes.count, let kind = Kind(rawValue: bytes[1]) else { return nil }
        var reader = DBusReader(bytes)
        reader.position = 4
        guard let bodySize = reader.number(), let serial = reader.number(), let fieldsSize = reader.number() else { return nil }
        self.init(kind, serial: serial)
        let end = 16 + Int(fieldsSize)
        while reader.position < end {
            reader.align(8)
            guard let code = reader.byte(), let type = reader.signature() else { return nil }
            switch type {
            case "s", "o":
                guard let text = reader.string() else { return nil }
                switch code {
                case 1: path = text
                case 2: interface = text
                case 3: member = text
                case 4: errorName = text
                case 6: destination = text
                default: break  // the sender, and what later versions add
                }
            case "g":
                guard let text = reader.signature() else { return nil }
                if code == 8 { signature = text }
            case "u":
                guard let value = reader.number() else { return nil }
                if code == 5 { answers = value }
                if code == 9 { descriptorCount = value }
            default: return nil
            }
        }
        body = Array(bytes.suffix(Int(bodySize)))
    }
}

/// Values in the order and with the padding of the wire.
package struct DBusWriter {
    package var bytes: [UInt8] = []
    package init() {}

    mutating func align(_ size: Int) { while bytes.count % size != 0 { bytes.append(0) } }

    package mutating func number(_ value: UInt32) {
        align(4)
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    package mutating func string(_ text: String) {
        number(UInt32(text.utf8.count))
        bytes += Array(text.utf8) + [0]
    }

    mutating func signature(_ text: String) { bytes += [UInt8(text.utf8.count)] + Array(text.utf8) + [0] }

    fileprivate mutating func field(_ code: UInt8, _ type: String, _ text: String?) {
        guard let text else { return }
        align(8)
        bytes.append(code)
        signature(type)
        string(text)
    }

    fileprivate mutating func field(_ code: UInt8, _ value: UInt32) {
        align(8)
        bytes.append(code)
        signature("u")
        number(value)
    }
}

/// The same the other way round; nil when the bytes end too soon.
package struct DBusReader {
    private let bytes: [UInt8]
    package var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func align(_ size: Int) { position = (position + size - 1) / size * size }

    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func number() -> UInt32? {
        align(4)
        guard position + 4 <= bytes.count else { return nil }
        defer { position += 4 }
        return (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << (8 * UInt32($1)) }
    }

    package mutating func string() -> String? {
        guard let count = number(), position + Int(count) < bytes.count else { return nil }
        defer { position += Int(count) + 1 }
        return String(decoding: bytes[position..<position + Int(count)], as: UTF8.self)
    }

    mutating func signature() -> String? {
        guard let count = byte(), position + Int(count) < bytes.count else { return nil }
        defer { position += Int(count) + 1 }
        return String(decoding: bytes[position..<position + Int(count)], as: UTF8.self)
    }
}
