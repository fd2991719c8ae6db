internal import ArgumentParser
internal import HomeFiles
internal import RhizomeIdentity
package import Sodium

/// `--passphrase-file`, else `RHIZOME_PASSPHRASE_FILE`, else a question at the terminal (spec: cli.md).
///
/// The passphrase goes into locked memory and never appears on the screen, in arguments or in the environment.
package struct PassphraseOption: ParsableArguments {
    @Option(
        name: .customLong("passphrase-file"),
        help: ArgumentHelp(
            "A file with the passphrase of the key, which may end in a line's end; - is standard input.",
            discussion: "Default: $RHIZOME_PASSPHRASE_FILE, else it is asked for at the terminal.",
            valueName: "file"
        ),
        completion: .file()
    )
    var file: String?

    package init() {}

    /// Whether the option itself was given.
    package var isGiven: Bool { file != nil }

    /// Where a passphrase comes from without a question.
    private enum Source {
        case standardInput
        case file(String)
    }

    /// What the option or the environment names; nothing where that is a terminal, at which the passphrase would show.
    private var source: Source? {
        get throws {
            guard let path = try file ?? CommandLineTool.environment("RHIZOME_PASSPHRASE_FILE") else { return nil }
            if path == "-" { return Terminal.isInput ? nil : .standardInput }
            return .file(try UserPath.expanded(path))
        }
    }

    /// Whether a passphrase can be had without asking.
    package var hasFile: Bool { get throws { try source != nil } }

    /// Whether it is read from standard input.
    package var isStandardInput: Bool {
        get throws { if case .standardInput = try source { true } else { false } }
    }

    /// Whether a passphrase can be had at all: from a file or at a terminal.
    package var isAvailable: Bool { get throws { try hasFile || Terminal.canAsk() } }

    /// The passphrase of a key that exists; `nil` where there is neither a file nor a terminal.
    ///
    /// - Parameter inputIsData: standard input carries something else; the terminal is asked directly.
    package func passphrase(whileInputIsData inputIsData: Bool = false) throws -> SecretBytes? {
        if let source = try source { return try Self.read(source) }
        guard Terminal.canAsk(whileInputIsData: inputIsData) else { return nil }
        return try Self.ask("Passphrase: ")
    }

    /// A passphrase for a new key, asked for twice; `nil` where there is neither a file nor a terminal.
    package func newPassphrase() throws -> SecretBytes? {
        if let source = try source { return try Self.read(source) }
        guard Terminal.canAsk() else { return nil }
        let first = try Self.ask("New passphrase: ")
        guard first.count > 0 else {
            throw CommandFailure("the passphrase is empty; give one, or use --no-passphrase", .malformed)
        }
        let second = try Self.ask("The same again: ")
        guard first.isEqual(to: second) else {
            throw CommandFailure("the two passphrases differ; try again", .malformed)
        }
        return first
    }

    private static func read(_ source: Source) throws -> SecretBytes {
        switch source {
        case .standardInput: try PassphraseFile.readStandardInput()
        case .file(let path): try PassphraseFile.read(path)
        }
    }

    private static func ask(_ prompt: String) throws -> SecretBytes {
        var count = 0
        let room = try SecretBytes(count: PassphraseFile.mostBytes) { span in
            count = try Terminal.ask(prompt, echo: false, into: &span)
        }
        return try room.part(0..<count)
    }
}
