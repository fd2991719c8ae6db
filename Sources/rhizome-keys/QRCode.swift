import CommandSupport
import HomeFiles
import Subprocess

/// Shows a text as a QR code where a person sits at a terminal and `qrencode` is installed.
enum QRCode {
    private static let mostBytes = 64 << 10

    /// Shows it on standard error; does nothing where it can't.
    static func show(_ text: String) async {
        guard Terminal.isError else { return }
        // By standard input: other users of the machine can read arguments.
        let outcome = try? await Subprocess.run(
            .name("qrencode"),
            arguments: ["-t", "ANSIUTF8"],
            input: .string(text),
            output: .string(limit: mostBytes),
            error: .discarded
        )
        guard let outcome, outcome.terminationStatus.isSuccess else { return }
        CommandLineTool.note(outcome.standardOutput)
    }
}
