/// Where a node listens: `host:port`, IPv6 in brackets (spec: identity.md, "Text forms").
///
/// Strict: what would not be printed back the same way is refused. Nothing is looked up.
public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// A host name, an IPv4 or an IPv6 address; the latter without its brackets.
    public let host: String
    /// 1 to 65535.
    public let port: UInt16

    /// Reads `host:port`; `nil` where it is anything else.
    ///
    /// A host name has labels of letters, digits, hyphens and underscores; all-numeric ones must be IPv4 addresses.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count <= 263, let colon = characters.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = characters[(colon + 1)...]
        guard (1...5).contains(digits.count), digits.allSatisfy(Self.isDigit), digits.first != UInt8(ascii: "0"),
            let port = UInt16(String(decoding: digits, as: UTF8.self))
        else { return nil }
        let host = characters[..<colon]
        if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
            let inner = host.dropFirst().dropLast()
            guard Self.isIPv6(inner) else { return nil }
            self.host = String(decoding: inner, as: UTF8.self)
        } else {
            guard Self.isName(host) else { return nil }
            self.host = String(decoding: host, as: UTF8.self)
        }
        self.port = port
    }

    /// Takes a numeric address as the system gives it, with the zone of a link-local one: not to be told to others.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// The text that was read.
    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether both have the same bytes: host names are not looked up, nor folded.
    public static func == (left: Self, right: Self) -> Bool {
        left.port == right.port && left.host.utf8.elementsEqual(right.host.utf8)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isName(_ host: ArraySlice<UInt8>) -> Bool {
        guard (1...253).contains(host.count) else { return false }
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-"),
                label.allSatisfy({ byte in
                    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                })
            else { return false }
        }
        // 1.2.3 and 999.1.1.1 look like addresses, and resolvers differ on what they mean.
        guard let last = labels.last, last.allSatisfy(isDigit) else { return true }
        return isIPv4(host)
    }

    private static func isIPv4(_ host: ArraySlice<UInt8>) -> Bool {
        let parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(isDigit) else { return false }
                guard part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
                return part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 255
            }
    }

    /// RFC 4291, section 2.2; without zones, which mean nothing to another machine.
    private static func isIPv6(_ host: ArraySlice<UInt8>) -> Bool {
        let colon = UInt8(ascii: ":")
        guard (2...45).contains(host.count) else { return false }
        let fields = host.split(separator: colon, omittingEmptySubsequences: false)
        var groups = 0
        var gaps = 0
        for (index, field) in fields.enumerated() {
            let isOuter = index == 0 || index == fields.count - 1
            if field.isEmpty {
                // "::" leaves one empty field inside, and one more at each end that it touches.
                guard isOuter else {
                    gaps += 1
                    continue
                }
                guard index == 0 ? fields[1].isEmpty : fields[index - 1].isEmpty else { return false }
            } else if index == fields.count - 1, field.contains(UInt8(ascii: ".")) {
                guard isIPv4(field) else { return false }
                groups += 2
            } else {
                guard field.count <= 4, field.allSatisfy({ isDigit($0) || (0x61...0x66).contains($0 | 0x20) }) else {
                    return false
                }
                groups += 1
            }
        }
        return gaps == 0 ? groups == 8 : gaps == 1 && groups <= 7
    }
}
