import ArgumentParser
import Bytes
import CommandSupport
import Logging
import RhizomeHTTP
import RhizomeIdentity
import RhizomePeering
import SignedStatements

/// The settings of `run`, each an option and a variable of the environment (spec: cli.md, "Environment of `run`").
struct RunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "RHIZOME_PEER_ID: a label for people (default: the identity's name, else its short form).",
            valueName: "label"
        )
    )
    var peerID: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_ADDRESS: default of the two addresses below (default: 127.0.0.1).",
            valueName: "addr"
        )
    )
    var address: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_REQUEST_BIND_ADDR: where peers' requests are served: an address, a name, or *.",
            valueName: "addr"
        )
    )
    var requestBindAddr: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_REQUEST_BIND_HOST: what peers are told (default: the address; nothing for a wildcard; auto: the "
                + "address at which they see this node).",
            valueName: "host|auto"
        )
    )
    var requestBindHost: String?
    @Option(help: ArgumentHelp("RHIZOME_REQUEST_BIND_PORT (default: 4000; 0: any free one).", valueName: "port"))
    var requestBindPort: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_PUBLISH_BIND_ADDR: where news is published: an address, a name, or *.",
            valueName: "addr"
        )
    )
    var publishBindAddr: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_PUBLISH_BIND_HOST: what peers are told (default: the address; nothing for a wildcard).",
            valueName: "host"
        )
    )
    var publishBindHost: String?
    @Option(help: ArgumentHelp("RHIZOME_PUBLISH_BIND_PORT (default: 4001; 0: any free one).", valueName: "port"))
    var publishBindPort: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_HTTP_API_ADDR: where programs are answered (default: 127.0.0.1).",
            valueName: "addr"
        )
    )
    var httpAPIAddr: String?
    @Option(help: ArgumentHelp("RHIZOME_HTTP_API_PORT (default: 3000; 0: any free one).", valueName: "port"))
    var httpAPIPort: String?
    @Option(help: ArgumentHelp("RHIZOME_HTTP_API_ENABLE: true or false (default: true).", valueName: "true|false"))
    var httpAPIEnable: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_HTTP_API_HOSTS: further hosts by which the API may be asked, a proxy's for example.",
            valueName: "host[:port],…"
        )
    )
    var httpAPIHosts: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_HTTP_API_TOKEN: who needs http.token: other-users, off-loopback or always (default: other-users).",
            valueName: "who"
        )
    )
    var httpAPIToken: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_SEED_PEERS: extra addresses of trusted peers: host:port, name@host:port, …",
            valueName: "host:port,…"
        )
    )
    var seedPeers: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_PUB_SUB_TOPIC: nodes with different topics don't mix (default: rhizome).",
            valueName: "topic"
        )
    )
    var pubSubTopic: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_FOLLOW: whether the node by itself takes guests in who come with an invitation, and trusts those "
                + "whom peers introduce that may do that: true or false (default: true).",
            valueName: "true|false"
        )
    )
    var follow: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_LAN: whether peers are looked for on local networks, by packets that only they recognise: true or "
                + "false (default: true, but where the node is bound to loopback only).",
            valueName: "true|false"
        )
    )
    var lan: String?
    @Option(
        help: ArgumentHelp(
            "RHIZOME_LOG_LEVEL: trace, debug, info, notice, warning, error or critical (default: info).",
            valueName: "level"
        )
    )
    var logLevel: String?

    /// How much is logged.
    func level() throws -> Logger.Level {
        let allowed = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        return try Setting("RHIZOME_LOG_LEVEL", option: logLevel).value(allowed, default: .info) {
            Logger.Level(rawValue: $0.lowercased())
        }
    }

    /// The node's part of the settings.
    func node(identity: PublicKey, name: String?, trust: TrustList) throws -> NodeConfiguration {
        let label = try Setting("RHIZOME_PEER_ID", option: peerID)
            .value("1 to 64 bytes without control characters", default: name ?? identity.short) { text in
                (1...64).contains(text.utf8.count) && TerminalText.escaped(text) == text ? text : nil
            }
        let topic = try Setting("RHIZOME_PUB_SUB_TOPIC", option: pubSubTopic)
            .value("1 to 64 bytes", default: "rhizome") { (1...64).contains($0.utf8.count) ? $0 : nil }
        let common = try Setting("RHIZOME_ADDRESS", option: address).host(default: "127.0.0.1", allowsWildcard: true)
        let request = try binding("REQUEST", requestBindAddr, requestBindHost, requestBindPort, common, 4000)
        let publish = try binding("PUBLISH", publishBindAddr, publishBindHost, publishBindPort, common, 4001)
        let addresses = [request.address, publish.address]
        let areApart = request.address != publish.address && !addresses.contains { HostText.isWildcard($0) }
        guard request.port != publish.port || request.port == 0 || areApart else {
            throw CommandMisuse(
                "RHIZOME_REQUEST_BIND_PORT and RHIZOME_PUBLISH_BIND_PORT are the same, \(request.port); they must differ"
            )
        }
        return NodeConfiguration(
            identity: identity,
            peerID: label,
            request: request,
            publish: publish,
            topic: Text(topic),
            follows: try Setting("RHIZOME_FOLLOW", option: follow).flag,
            usesLocalNetwork: try Setting("RHIZOME_LAN", option: lan).flag,
            seeds: try seeds(trust)
        )
    }

    private func binding(
        _ kind: String,
        _ addressOption: String?,
        _ hostOption: String?,
        _ portOption: String?,
        _ commonAddress: String,
        _ standardPort: UInt16
    ) throws -> NodeConfiguration.Binding {
        let prefix = "RHIZOME_\(kind)_BIND_"
        let address = try Setting(prefix + "ADDR", option: addressOption)
            .host(default: commonAddress, allowsWildcard: true)
        let port = try Setting(prefix + "PORT", option: portOption).port(default: standardPort)
        let told = try Setting(prefix + "HOST", option: hostOption)
        if kind == "REQUEST", told.text == "auto" {
            return .init(name: prefix + "ADDR/PORT", address: address, port: port, host: nil, isHostSeen: true)
        }
        let host =
            HostText.isWildcard(address) && told.text == nil
            ? nil : try told.host(default: address, allowsWildcard: false)
        return .init(name: prefix + "ADDR/PORT", address: address, port: port, host: host)
    }

    private func seeds(_ trust: TrustList) throws -> [PublicKey: [PeerAddress]] {
        let setting = try Setting("RHIZOME_SEED_PEERS", option: seedPeers)
        var seeds: [PublicKey: [PeerAddress]] = [:]
        for part in (setting.text ?? "").split(separator: ",") {
            let text = String(part.trimmingPrefix { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            guard !text.isEmpty else { continue }
            let (identity, address) = try seed(text, setting, trust)
            seeds[identity, default: []].append(address)
        }
        return seeds
    }

    private func seed(_ text: String, _ setting: Setting, _ trust: TrustList) throws -> (PublicKey, PeerAddress) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let last = parts.last, let address = PeerAddress(String(last)) else {
            throw CommandMisuse(
                "\(setting.variable): '\(TerminalText.escaped(text))' can't be used; allowed: host:port or "
                    + "name@host:port, separated by commas"
            )
        }
        if parts.count == 2 {
            do {
                return (try trust.find(String(parts[0])).identity, address)
            } catch {
                throw CommandMisuse(
                    "\(setting.variable): '\(TerminalText.escaped(text))' can't be used: \(error); without a key there "
                        + "is no connection: trust it first (rhizome-keys trust PEER), or leave it out"
                )
            }
        }
        guard let identity = identity(at: address, trust) else {
            throw CommandMisuse(
                "\(setting.variable): no trusted peer has the address \(address), and without a key there is no "
                    + "connection; trust it first: rhizome-keys trust PEER --address \(address)"
            )
        }
        return (identity, address)
    }

    /// Who is trusted at an address; else who was last and is distrusted by now, of which the node warns: to take back
    /// trust must not keep it from starting.
    private func identity(at address: PeerAddress, _ trust: TrustList) -> PublicKey? {
        if let entry = trust.entriesByName.first(where: { $0.addresses.contains(address) }) { return entry.identity }
        return trust.statements.last { statement in
            statement.change.addresses.contains(address)
                && trust.entries[statement.change.identity]?.action == .distrust
        }?.change.identity
    }

    /// The HTTP API's part of the settings; nothing where it is switched off.
    func http(home: Home) throws -> HTTPAPI.Configuration? {
        let isEnabled = try Setting("RHIZOME_HTTP_API_ENABLE", option: httpAPIEnable).flag
        let address = try Setting("RHIZOME_HTTP_API_ADDR", option: httpAPIAddr)
            .host(default: "127.0.0.1", allowsWildcard: true)
        let port = try Setting("RHIZOME_HTTP_API_PORT", option: httpAPIPort).port(default: 3000)
        let policy = try Setting("RHIZOME_HTTP_API_TOKEN", option: httpAPIToken)
            .value("other-users, off-loopback or always", default: .otherUsers) {
                HTTPAPI.Configuration.TokenPolicy(rawValue: $0)
            }
        let hosts = try Setting("RHIZOME_HTTP_API_HOSTS", option: httpAPIHosts)
            .value("host (with any port) or host:port, separated by commas", default: []) { text -> [HTTPAPI.Host]? in
                let hosts = text.split(separator: ",").map { Self.apiHost(String($0.filter { $0 != " " })) }
                return hosts.contains { $0 == nil } ? nil : hosts.compactMap { $0 }
            }
        guard isEnabled else { return nil }
        return HTTPAPI.Configuration(
            address: address,
            port: port,
            hosts: hosts,
            tokenPolicy: policy,
            token: try HTTPToken(of: home),
            version: CommandLineTool.version,
            lastAudit: { try home.lastAudit() }
        )
    }

    private static func apiHost(_ text: String) -> HTTPAPI.Host? {
        if let name = HostText(text)?.host { return HTTPAPI.Host(name) }
        return PeerAddress(text).map { HTTPAPI.Host($0.host, port: $0.port) }
    }
}
