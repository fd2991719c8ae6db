package import ArgumentParser
internal import HomeFiles

/// Results that can't be written to standard output: exit 74.
package struct OutputFailure: ExitCoded, CustomStringConvertible {
    /// What happened and what to do, in one line.
    package let description: String
    /// Whether it is a pipe that nobody reads any more.
    package let isReaderGone: Bool

    init(_ error: FileError) {
        description = error.message
        isReaderGone = error.code == .closedPipe
    }

    package var exitCode: ExitCode { .inputOutput }
    package var codeName: String { exitCode.codeName }
}
