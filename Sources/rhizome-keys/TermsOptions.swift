import ArgumentParser
import CommandSupport
import RhizomeIdentity

/// What is granted to a peer, or will be to a guest: the options of `trust` and `invite`.
struct TermsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the peer may do: author (its deltas are accepted), connect (it may read from your node), "
                + "introduce (whom it introduces is trusted, for as long as it says so). Default: author,connect.",
            valueName: "list"
        ),
        transform: PermissionsArgument.init(parsing:)
    )
    var may: PermissionsArgument?
    @Option(
        help: ArgumentHelp("When trust in the peer ends.", valueName: "date"),
        transform: UntilArgument.init(parsing:)
    )
    var until: UntilArgument?
    @Option(
        help: ArgumentHelp("A remark of yours about the peer; an empty one takes it away.", valueName: "text"),
        transform: NoteArgument.init(parsing:)
    )
    var note: NoteArgument?
}
