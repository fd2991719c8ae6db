/// The values of `Host` that mean this server; no prefix, no suffix, no pattern.
///
/// A page whose name was made to resolve to a loopback address (DNS rebinding) comes with its own name in `Host`, and is
/// told by it.
struct AllowedHosts: Equatable, Sendable {
    private let hosts: Set<String>
    private let origins: Set<String>

    /// The hosts of a server.
    ///
    /// - Parameters:
    ///   - bound: the addresses that it is bound to, as configured and as resolved; wildcards count for nothing, since
    ///     browsers let any page reach `0.0.0.0`.
    ///   - extra: `RHIZOME_HTTP_API_HOSTS`: names or addresses, with a port where a proxy listens on another one.
    init(port: Int, bound: [String], extra: [String]) {
        var hosts: Set<String> = []
        var origins: Set<String> = []
        func add(_ name: String, isOwnName: Bool) {
            let name = name.lowercased()
            let isBareIPv6 = name.count(where: { $0 == ":" }) > 1 && !name.hasPrefix("[")
            let host = isBareIPv6 ? "[\(name)]" : name
            let hasPort = !isOwnName && Self.hasPort(host)
            var forms = hasPort ? [host] : ["\(host):\(port)"]
            // A browser leaves out the default port of its scheme.
            if !hasPort, port == 80 { forms.append(host) }
            for form in forms {
                hosts.insert(form)
                origins.insert("http://\(form)")
                // Ours has no TLS; a proxy in front of it may.
                if !isOwnName { origins.insert("https://\(form)") }
            }
            if hasPort, host.hasSuffix(":443") || host.hasSuffix(":80") {
                let bare = String(host[..<(host.lastIndex(of: ":") ?? host.endIndex)])
                hosts.insert(bare)
                origins.insert((host.hasSuffix(":443") ? "https://" : "http://") + bare)
            }
        }
        for name in ["localhost", "127.0.0.1", "[::1]"] { add(name, isOwnName: true) }
        for name in bound where !["0.0.0.0", "::", "*", "[::]", ""].contains(name) { add(name, isOwnName: true) }
        for name in extra where !name.isEmpty { add(name, isOwnName: false) }
        self.hosts = hosts
        self.origins = origins
    }

    private static func hasPort(_ host: String) -> Bool {
        guard let colon = host.lastIndex(of: ":") else { return false }
        return !host[colon...].contains("]")
    }

    /// Whether a `Host` is one of ours.
    func allows(host: String) -> Bool { Self.contains(hosts, host) }

    /// Whether an `Origin` is a page of ours.
    func allows(origin: String) -> Bool { Self.contains(origins, origin) }

    private static func contains(_ allowed: Set<String>, _ value: String) -> Bool {
        // ASCII only: lowercasing may not turn another letter into one of ours (the Kelvin sign into k).
        value.utf8.allSatisfy { $0 < 0x80 } && allowed.contains(value.lowercased())
    }
}
