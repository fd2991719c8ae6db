package import ArgumentParser
internal import Bytes
internal import StrictJSON

/// A failure of a command: what happened, what to do, and by which exit code it is told.
package struct CommandFailure: ExitCoded, CustomStringConvertible {
    /// What happened and what to do, in one line: `what; what to do`.
    package let description: String
    package let exitCode: ExitCode
    package let codeName: String

    /// A failure.
    ///
    /// - Parameters:
    ///   - description: what happened, and behind the first `; ` what to do about it.
    ///   - codeName: what is wrong in one word, where the exit code doesn't say enough.
    package init(_ description: String, _ exitCode: ExitCode = .failure, codeName: String? = nil) {
        self.description = description
        self.exitCode = exitCode
        self.codeName = codeName ?? exitCode.codeName
    }

    /// Something that was asked for isn't there.
    package static func notFound(_ description: String) -> CommandFailure {
        CommandFailure(description, codeName: "notFound")
    }

    /// Another error as it ends a command, told of a place: a line of a file, for example.
    package init(_ error: any Error, at place: String) {
        let coded = error as? any ExitCoded
        self.init("\(place): \(error)", coded?.exitCode ?? .inputOutput, codeName: coded?.codeName)
    }

    /// What stands before the first `; `.
    private var message: Substring { parts.message }
    /// What to do; `nil` where the message says it all.
    private var remedy: Substring? { parts.remedy }

    private var parts: (message: Substring, remedy: Substring?) {
        guard let mark = description.firstRange(of: "; ") else { return (description[...], nil) }
        return (description[..<mark.lowerBound], description[mark.upperBound...])
    }

    /// The one line on standard error, safe for a terminal whatever it quotes (spec: cli.md).
    func line(asJSON isJSON: Bool) -> String {
        guard isJSON else { return "error: " + TerminalText.escaped(description, limitBytes: 2048) }
        let json: JSONObject = [
            "error": .string(codeName),
            "message": .string(String(message)),
            "do": remedy.map { .string(String($0)) } ?? .null,
            "exit": .integer(Int64(exitCode.rawValue)),
        ]
        return JSONValue.object(json).description
    }
}
