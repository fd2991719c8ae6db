import ArgumentParser
import CommandSupport

/// `rhizome-node`: runs a node, reads, writes and proves what it holds, and looks after its store (spec: cli.md).
@main
struct RhizomeNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rhizome-node",
        abstract: "Run a node, read, write and prove what it holds, and carry deltas in files.",
        discussion: """
            A node needs an identity (rhizome-keys generate) and peers that it trusts (rhizome-keys trust). It takes in \
            what they sign, hands on what it holds to those who may connect, and answers programs over HTTP:

              rhizome-node run
              rhizome-node put user/taliesin-1 name=Taliesin age:=42
              rhizome-node get user/taliesin-1
              curl http://127.0.0.1:3000/api/user/taliesin-1

            Commands that read open the store themselves, whether or not a node runs.
            """,
        version: CommandLineTool.version,
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [Run.self, Status.self]),
            CommandGroup(
                name: "Read",
                subcommands: [
                    Get.self, IDs.self, Collections.self, QueryCommand.self, History.self, Blame.self, Diff.self,
                    Log.self,
                    Show.self, Watch.self,
                ]
            ),
            CommandGroup(name: "Write", subcommands: [Put.self, Unset.self, Retract.self, Introduce.self]),
            CommandGroup(name: "Prove", subcommands: [Prove.self, Verify.self, Impact.self]),
            CommandGroup(name: "Look after", subcommands: [Audit.self, Export.self, Import.self]),
        ]
    )

    static func main() async { await CommandLineTool.main(Self.self) }
}
