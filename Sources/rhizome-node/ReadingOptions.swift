import ArgumentParser
import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import SignedStatements
import StrictJSON

/// Which store to read, and through whose eyes: the options of all commands that read entities (spec: cli.md).
///
/// They open the store themselves, whether or not a node runs, and see by the trusted-peer list as the node does.
struct ReadingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Look through this context; another author's is NAME@did.", valueName: "NAME"))
    var context: String?
    @Option(
        help: ArgumentHelp(
            "Look as of this moment: 2026-01-31T12:00:00Z, 2026-01-31, or 90s, 15m, 2h, 3d ago.",
            valueName: "DATE"
        )
    )
    var asOf: MomentArgument?
    @Option(help: ArgumentHelp("Only these authors count: petnames or dids, with commas.", valueName: "PEER,…"))
    var authors: String?
    @Option(help: ArgumentHelp("These authors don't count: petnames or dids, with commas.", valueName: "PEER,…"))
    var without: String?
    @Option(help: ArgumentHelp("Only deltas that pass this JSON-Logic rule count.", valueName: "RULE"))
    var filter: String?
    @OptionGroup var home: HomeOption

    /// Opens the store.
    func open() async throws -> ReadStore {
        let (_, log, trust) = try await home.openStore()
        let perspective = try await perspective(of: log, by: trust)
        return ReadStore(
            log: log,
            state: try await log.state(),
            trust: trust,
            perspective: perspective,
            context: context.map { Text($0) }
        )
    }

    /// How the options look at a log, by a trusted-peer list.
    ///
    /// - Parameter other: the context where they name none.
    func perspective(
        of log: SQLiteDeltaLog,
        by trust: TrustList,
        context other: String? = nil
    ) async throws -> Perspective {
        let exclusion = try await Exclusion(by: trust, in: log)
        let petname: @Sendable (PublicKey) -> String? = { trust.entries[$0]?.name }
        var perspective = Perspective(without: exclusion)
        if let context = context ?? other {
            let name = DefinitionName(Text(context), own: trust.owner) { try? trust.find($0).identity }
            let contexts = Definitions<ContextDefinition>(
                log: log,
                own: trust.owner,
                without: exclusion,
                cache: ViewCache()
            )
            guard let name, let stored = try await contexts.definition(name) else {
                throw CommandMisuse("there is no context '\(context)'; another author's is NAME@did")
            }
            perspective = Perspective(of: try stored.definition.get(), without: exclusion, petname: petname)
        }
        return perspective.narrowed(
            asOf: asOf?.moment(before: CommandLineTool.now),
            authors: try authors.map { try Self.identities($0, "--authors", in: trust) },
            without: try without.map { try Self.identities($0, "--without", in: trust) } ?? [],
            filter: try filter.map { DeltaFilter(try Self.rule($0), petname: petname) }
        )
    }

    private static func identities(_ names: String, _ option: String, in trust: TrustList) throws -> Set<PublicKey> {
        var identities: Set<PublicKey> = []
        for name in names.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            identities.insert(try identity(name, option, in: trust))
        }
        return identities
    }

    /// An author by its petname or did; `me` is the home's owner.
    static func identity(_ name: String, _ option: String, in trust: TrustList) throws -> PublicKey {
        guard let identity = try? trust.author(named: name) else {
            throw CommandMisuse("\(option): '\(name)' is no petname and no did; see: rhizome-keys list")
        }
        return identity
    }

    private static func rule(_ text: String) throws -> JSONLogicRule {
        do { return try JSONLogicRule(JSONValue(parsing: Array(text.utf8))) } catch {
            throw CommandMisuse("--filter: \(error)")
        }
    }
}
