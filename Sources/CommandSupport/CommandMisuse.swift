package import ArgumentParser

/// Wrong usage that shows only once the home has been looked at: exit 64, in one line as failures are.
package struct CommandMisuse: ExitCoded, CustomStringConvertible {
    /// What is missing and how to give it, in one line.
    package let description: String

    package init(_ description: String) { self.description = description }

    package var exitCode: ExitCode { .validationFailure }
    package var codeName: String { exitCode.codeName }
}
