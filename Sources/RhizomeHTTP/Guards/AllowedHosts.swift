/// The values of `Host` that mean this server and of `Origin` that mean its pages; no prefix, no suffix, no pattern
/// (spec: http.md, last paragraph).
///
/// A page whose name was made to resolve to a loopback address (DNS rebinding) comes with its own name in `Host`, and is
/// told by it.
struct AllowedHosts: Equatable, Sendable {
    /// Names of this machine: ours with our port alone, since on another one another program listens.
    private let own: Set<Authority>
    /// Names from the settings with one port each.
    private let named: Set<Authority>
    /// Names from the settings that are ours with whatever port.
    private let onAnyPort: Set<String>

    /// The hosts of a server.
    ///
    /// - Parameters:
    ///   - bound: the addresses that it is bound to, as configured and as resolved; wildcards count for nothing, since
    ///     browsers let any page reach `0.0.0.0`.
    ///   - extra: `RHIZOME_HTTP_API_HOSTS`: by what names it is asked for through a proxy, or by a name of the network.
    init(port: UInt16, bound: [String], extra: [HTTPAPI.Host]) {
        let addresses = bound.filter { !["0.0.0.0", "::", "*", "[::]", ""].contains($0) }
        own = Set((["localhost", "127.0.0.1", "::1"] + addresses).map { Authority($0, port: port) })
        named = Set(extra.compactMap { host in host.port.map { Authority(host.name, port: $0) } })
        onAnyPort = Set(extra.filter { $0.port == nil }.map { Authority($0.name, port: 0).host })
    }

    /// Whether a `Host` is one of ours.
    ///
    /// Without a port it has the default one of its scheme (RFC 9110, section 7.2), which it doesn't tell: a proxy may
    /// have been asked over TLS.
    func allows(host: String) -> Bool {
        Authority.reading(host, defaultPort: 80).map(isOurs) == true
            || Authority.reading(host, defaultPort: 443).map(isFromSettings) == true
    }

    /// Whether an `Origin` (RFC 6454, section 6.2) is a page of ours.
    ///
    /// By our own names it is one over http alone: what answers there has no TLS.
    func allows(origin: String) -> Bool {
        let parts = origin.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return false }
        return switch parts[0] {
        case "http": Authority.reading(parts[1], defaultPort: 80).map(isOurs) == true
        case "https": Authority.reading(parts[1], defaultPort: 443).map(isFromSettings) == true
        default: false
        }
    }

    private func isOurs(_ authority: Authority) -> Bool { own.contains(authority) || isFromSettings(authority) }

    private func isFromSettings(_ authority: Authority) -> Bool {
        named.contains(authority) || onAnyPort.contains(authority.host)
    }
}

/// A host with a port, as `Host` and `Origin` have it (RFC 3986, section 3.2), to be compared with.
private struct Authority: Hashable {
    /// In lower case, an IPv6 address in brackets; not looked at otherwise, since it is only ever compared with ours.
    let host: String
    let port: UInt16

    init(_ host: String, port: UInt16) {
        let host = host.lowercased()
        self.host = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        self.port = port
    }

    /// Reads `host` or `host:port`; `nil` for what can't be equal to any of ours.
    static func reading(_ text: String, defaultPort: UInt16) -> Authority? {
        // ASCII only: lowercasing may not turn another letter into one of ours (the Kelvin sign into k).
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") else {
            return Authority(text, port: defaultPort)
        }
        let digits = text[colon...].dropFirst()
        guard digits.first != "0", digits.allSatisfy(\.isNumber), let port = UInt16(digits) else { return nil }
        return Authority(String(text[..<colon]), port: port)
    }
}
