import RhizomeIdentity

/// A host as people write it, without a port: a name, an IPv4 or an IPv6 address, the latter with or without brackets.
struct HostText {
    /// Without brackets.
    let host: String

    init?(_ text: String) {
        let bracketed = text.contains(":") && !text.hasPrefix("[") ? "[\(text)]" : text
        guard let address = PeerAddress("\(bracketed):1") else { return nil }
        host = address.host
    }

    /// Whether an address stands for all of a machine's, so that peers can't be told it.
    static func isWildcard(_ host: String) -> Bool { ["*", "0.0.0.0", "::"].contains(host) }
}
