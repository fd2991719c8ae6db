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
    /// Exit 0: done. Others: failed, by the table of cli.md; one line on standard error says what, and what to do, with
    /// `--json` as an object. Where nobody reads the results any more it ends without a word, as by SIGPIPE.
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
            ResultPager.end()
            root.exit()
        } catch {
            end(root, by: error)
        }
    }

    private static func end<Root: ParsableCommand>(_ root: Root.Type, by error: any Error) -> Never {
        // What is told on standard error comes after the pages, not into them.
        let wasPaged = ResultPager.end()
        if (error as? OutputFailure)?.isReaderGone == true {
            // Who leaves the pager has seen enough.
            if wasPaged { root.exit() }
            StandardStreams.endOnClosedPipe()
        }
        if error is ExitCode { root.exit(withError: error) }
        guard !(error is any ExitCoded), root.exitCode(for: error) == .success else {
            let failure = failure(root, error)
            note(failure.line(asJSON: isJSONWanted))
            root.exit(withError: failure.exitCode)
        }
        // Help and the version: ArgumentParser would not notice that they can't be written.
        do { try show(root.fullMessage(for: error)) } catch { end(root, by: error) }
        root.exit()
    }

    /// An error as it ends the command.
    private static func failure<Root: ParsableCommand>(_ root: Root.Type, _ error: any Error) -> CommandFailure {
        if let failure = error as? CommandFailure { return failure }
        if let coded = error as? any ExitCoded {
            return CommandFailure("\(error)", coded.exitCode, codeName: coded.codeName)
        }
        let exitCode = root.exitCode(for: error)
        guard exitCode == .validationFailure else { return CommandFailure("\(error)", .inputOutput) }
        let message = root.message(for: error)
        guard !message.contains("; ") else { return CommandFailure(message, exitCode) }
        // ArgumentParser alone knows which of the commands it was.
        let help = root.fullMessage(for: error).firstMatch(of: /See '([^']+)' for/).map { String($0.1) }
        let usage = message.hasSuffix(".") ? String(message.dropLast()) : message
        return CommandFailure("\(usage); see: \(help ?? root._commandName + " --help")", exitCode)
    }

    /// Whether `--json` was given, also where the arguments can't be used.
    private static var isJSONWanted: Bool {
        CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")
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
        do throws(FileError) {
            try ResultPager.beginIfWanted()
            try StandardStreams.output(bytes)
        } catch { throw OutputFailure(error) }
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
