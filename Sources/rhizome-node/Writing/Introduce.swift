import ArgumentParser
import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import SignedStatements
import StrictJSON

struct Introduce: AsyncParsableCommand {
    /// Who reads an introduction.
    enum Audience: String, CaseIterable, ExpressibleByArgument {
        /// Whoever reads this identity's deltas.
        case everyone
    }

    static let configuration = CommandConfiguration(
        abstract: "Introduce a peer to those who read you.",
        discussion: """
            Signs a delta that says who the peer is, by what you call it, at which addresses of your list it is found, and \
            what it may with you. Whoever has said that you may introduce (rhizome-keys trust YOU --may \
            author,connect,introduce) trusts it from then on, for as long as you say so; with others it waits for a \
            person. It tells all of your readers whom you know. --withdraw takes it back.

            Through the running node, or to the store where none runs.

            Examples:
              rhizome-node introduce bob
              rhizome-node introduce bob --withdraw
            """
    )

    @OptionGroup var options: WriteOptions
    @Option(help: ArgumentHelp("Who reads it.", valueName: "everyone"))
    var to = Audience.everyone
    @Flag(name: .customLong("withdraw"), help: "Take it back.")
    var isWithdrawn = false
    @Argument(help: ArgumentHelp("A petname, a did or a prefix of one.", valueName: "PEER"))
    var peer: String

    func run() async throws {
        let (log, trust) = try await openStore()
        let subject = try trust.author(named: peer)
        guard subject != trust.owner else {
            throw CommandMisuse("that is this identity itself; send your card instead")
        }
        let own = try await introductions(of: subject, in: log, trust)
        if isWithdrawn { return try await withdraw(subject, own, trust) }
        guard let entry = trust.entries[subject], entry.isTrusted(at: CommandLineTool.now) else {
            throw CommandFailure(
                "\(TerminalText.escaped(peer)) isn't trusted here; introduce whom you trust: rhizome-keys trust \(subject.did)"
            )
        }
        let pointers = [Pointer].introduction(
            of: Text(subject.did),
            name: Text(entry.name ?? subject.short),
            addresses: entry.addresses.prefix(Introduction.mostAddresses).map { Text($0.description) },
            may: entry.may.intersection(Introduction.permissions).map { Text($0.rawValue) }.sorted()
        )
        if own.first?.pointers == pointers {
            CommandLineTool.note("nothing changes: you have said so already")
            return try show(subject, entry.name, by: own.first?.id)
        }
        try show(subject, entry.name, by: try await options.write(pointers))
    }

    /// The home's list, and its store, where there is one already.
    private func openStore() async throws -> (SQLiteDeltaLog?, TrustList) {
        do {
            let (_, log, trust) = try await options.home.openStore()
            return (log, trust)
        } catch let error as DeltaLogError where error.code == .missing {
            let home = try options.home.open()
            return (nil, try TrustJournal(home: home, owner: try home.keyFile().publicKey).loadWitnessed().list)
        }
    }

    /// The deltas by which this identity introduces a key, the newest first.
    private func introductions(
        of subject: PublicKey,
        in log: SQLiteDeltaLog?,
        _ trust: TrustList
    ) async throws -> [ViewedDelta] {
        guard let log else { return [] }
        return try await Introductions(log: log, without: try await Exclusion(by: trust, in: log))
            .deltas(introducing: Text(subject.did), by: trust.owner)
    }

    private func withdraw(_ subject: PublicKey, _ own: [ViewedDelta], _ trust: TrustList) async throws {
        let name = trust.lastName(of: subject) ?? subject.did
        guard !own.isEmpty else {
            CommandLineTool.note("nothing changes: you don't introduce \(name)")
            if options.isJSON { try show(withdrawn: [], subject, by: nil) }
            return
        }
        let ids = own.map(\.id)
        let id = try await options.write(ids.flatMap { [Pointer].negation(of: $0) })
        if options.isJSON { return try show(withdrawn: ids, subject, by: id) }
        try CommandLineTool.show("withdrawn: the introduction of \(name)" + (id.map { " by \($0)" } ?? ""))
    }

    private func show(_ subject: PublicKey, _ name: String?, by id: DeltaID?) throws {
        if options.isJSON {
            let json: JSONObject = [
                "format": 1, "introduced": .string(subject.did), "name": name.map { .string($0) } ?? .null,
                "delta": id?.json ?? .null,
            ]
            return try CommandLineTool.show(JSONValue.object(json).description)
        }
        try CommandLineTool.show("introduced \(name ?? subject.did)" + (id.map { " by \($0)" } ?? ""))
    }

    private func show(withdrawn ids: [DeltaID], _ subject: PublicKey, by id: DeltaID?) throws {
        let json: JSONObject = [
            "format": 1, "withdrawn": .array(ids.map(\.json)), "subject": .string(subject.did),
            "delta": id?.json ?? .null,
        ]
        try CommandLineTool.show(JSONValue.object(json).description)
    }
}
