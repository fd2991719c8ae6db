package import ArgumentParser
package import Bytes
internal import HomeFiles
internal import RhizomeIdentity

/// How both commands start and end (spec: cli.md): results on standard output, everything else on standard error.
package enum CommandLineTool {
    /// The version that `--version` prints.
    package static let version = SoftwareVersion.current

    /// Parses the arguments, runs the command and ends the process.
    ///
    /// Exit 0: done. 1: failed; one line on standard error says what, and what to do. 64: wrong usage. 65: what was given
    /// is malformed. 74: the results can't be written; where nobody reads them any more it ends without a word, as by
    /// SIGPIPE. 78: failed, and will again until the machine is configured otherwise.
    package static func main<Root: ParsableCommand>(_ root: Root.Type) async -> Never {
        do {
            try StandardStreams.prepare()
            try ProcessHardening.apply()
            try checkArguments()
            var command = try root.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            root.exit()
        } catch {
            end(root, by: error)
        }
    }

    private static func end<Root: ParsableCommand>(_ root: Root.Type, by error: any Error) -> Never {
        switch error {
        case let failure as OutputFailure:
            if failure.isReaderGone { StandardStreams.endOnClosedPipe() }
            complain(about: failure)
            root.exit(withError: ExitCode.inputOutput)
        case is CommandMisuse:
            complain(about: error)
            root.exit(withError: ExitCode.validationFailure)
        case let failure as CommandFailure:
            complain(about: failure)
            root.exit(withError: failure.exitCode)
        case is ExitCode: root.exit(withError: error)
        default: break
        }
        switch root.exitCode(for: error) {
        case .success:
            // Help and the version: ArgumentParser would not notice that they can't be written.
            do { try show(root.fullMessage(for: error)) } catch { end(root, by: error) }
            root.exit()
        case .failure:
            complain(about: error)
            root.exit(withError: ExitCode.failure)
        default: root.exit(withError: error)
        }
    }

    /// Refuses arguments that aren't UTF-8, before anything makes other ones of them.
    private static func checkArguments() throws(CommandMisuse) {
        guard let (number, bytes) = ProcessStart.malformedArgument else { return }
        throw CommandMisuse("argument \(number), '\(escaped(bytes))', is not UTF-8; \(remedy)")
    }

    private static let remedy = "give names and texts in UTF-8 (see: locale), and rename files whose names are not"

    /// Bytes that aren't UTF-8, for people: `caf<e9>`.
    private static func escaped(_ bytes: [UInt8]) -> String {
        let text = bytes.prefix(256).map { byte in
            (0x20...0x7e).contains(byte) ? String(Unicode.Scalar(byte)) : "<\(Hex.encode([byte]))>"
        }
        return text.joined() + (bytes.count > 256 ? "…" : "")
    }

    /// One line about an error, safe for a terminal whatever the error quotes.
    package static func complain(about error: any Error) {
        note("error: " + TerminalText.escaped("\(error)", limitBytes: 2048))
    }

    /// One line on standard error.
    package static func note(_ line: String) { StandardStreams.error(line + "\n") }

    /// One line of results.
    ///
    /// - Throws: ``OutputFailure``.
    package static func show(_ line: String) throws { try write(Array((line + "\n").utf8)) }

    /// Results that are no text.
    ///
    /// - Throws: ``OutputFailure``.
    package static func write(_ bytes: [UInt8]) throws {
        do throws(FileError) { try StandardStreams.output(bytes) } catch { throw OutputFailure(error) }
    }

    /// The wall clock: µs since 1970.
    package static var now: Timestamp { SystemTime.now }

    /// The clock that never goes back.
    package static var uptime: Uptime { SystemTime.uptime }

    /// A variable of the environment, empty ones too; `nil` where it is not set.
    ///
    /// - Throws: ``CommandMisuse`` where it is not UTF-8.
    package static func variable(_ name: String) throws(CommandMisuse) -> String? {
        guard let bytes = ProcessStart.variable(name) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandMisuse("\(name) ('\(escaped(bytes))') is not UTF-8; \(remedy)")
        }
        return text
    }

    /// A variable of the environment; `nil` where it is unset or empty.
    ///
    /// - Throws: as ``variable(_:)``.
    package static func environment(_ name: String) throws(CommandMisuse) -> String? {
        try variable(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension ExitCode {
    /// EX_DATAERR of sysexits.h: what was given is malformed.
    package static let malformed = ExitCode(65)
    /// EX_CANTCREAT: a file can't be written.
    package static let cannotCreate = ExitCode(73)
    /// EX_IOERR: results can't be written.
    package static let inputOutput = ExitCode(74)
    /// EX_CONFIG: it will fail again until the machine is configured otherwise.
    package static let configuration = ExitCode(78)
}

/// Wrong usage that shows only once the home has been looked at: exit 64, in one line as failures are.
package struct CommandMisuse: Error, CustomStringConvertible {
    /// What is missing and how to give it, in one line.
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A failure of a command that no module's error tells.
package struct CommandFailure: Error, CustomStringConvertible {
    /// What happened and what to do, in one line.
    package let description: String
    let exitCode: ExitCode

    package init(_ description: String, _ exitCode: ExitCode = .failure) {
        self.description = description
        self.exitCode = exitCode
    }
}

/// Results that can't be written to standard output: exit 74.
package struct OutputFailure: Error, CustomStringConvertible {
    /// What happened and what to do, in one line.
    package let description: String
    /// Whether it is a pipe that nobody reads any more.
    package let isReaderGone: Bool

    init(_ error: FileError) {
        description = error.message
        isReaderGone = error.code == .closedPipe
    }
}
