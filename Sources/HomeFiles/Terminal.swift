internal import Glibc

/// The terminal at which a person sits, apart from standard input and output.
package enum Terminal {
    /// Whether a person can be asked: standard error is a terminal, and so is standard input unless it carries data.
    package static func canAsk(whileInputIsData: Bool = false) -> Bool {
        isError && (whileInputIsData || isInput)
    }

    /// Whether standard input is a terminal.
    package static var isInput: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether standard output is a terminal.
    package static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard error is a terminal.
    package static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Asks for one line and puts its bytes into `span`, without the line's end; gives how many came.
    ///
    /// With `echo` off nothing that is typed is shown, and each byte goes from the system straight into `span`.
    /// Backspace and Ctrl-U work.
    ///
    /// - Throws: `interrupted` at Ctrl-C and Ctrl-D, `inputTooLarge` where `span` is too small.
    package static func ask(_ prompt: String, echo: Bool, into span: inout MutableRawSpan) throws(FileError) -> Int {
        let path = "/dev/tty"
        let terminal = unsafe open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { throw FileError(errno: errno, path, doing: "opening") }
        defer { close(terminal) }
        var saved = termios()
        guard unsafe tcgetattr(terminal, &saved) == 0 else { throw FileError(errno: errno, path, doing: "reading") }
        var raw = saved
        // Signals off too: a Ctrl-C would otherwise leave the terminal silent.
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(terminal, TCSAFLUSH, &raw) == 0 else {
            throw FileError(errno: errno, path, doing: "silencing")
        }
        defer {
            unsafe tcsetattr(terminal, TCSAFLUSH, &saved)
            try? show("\n", on: terminal)
        }
        try show(prompt, on: terminal)
        var count = 0
        while true {
            guard count < span.byteCount else { throw FileError(.inputTooLarge, path, "that is too long; try again") }
            let got = unsafe span.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(terminal, buffer.baseAddress?.advanced(by: count), 1)
            }
            if got < 0 && errno == EINTR { continue }
            guard got == 1 else { throw interrupted }
            let byte = unsafe span.withUnsafeMutableBytes { unsafe $0[count] }
            switch byte {
            case 0x0a, 0x0d: return count
            case 0x03, 0x04: throw interrupted
            case 0x15:
                if echo { try show(String(repeating: "\u{8} \u{8}", count: count), on: terminal) }
                count = 0
            case 0x08, 0x7f:
                var isContinuation = true
                while count > 0, isContinuation {
                    count -= 1
                    isContinuation = unsafe span.withUnsafeMutableBytes { unsafe $0[count] & 0xc0 == 0x80 }
                    if echo && !isContinuation { try show("\u{8} \u{8}", on: terminal) }
                }
            default:
                if echo {
                    unsafe span.withUnsafeMutableBytes { buffer in
                        _ = unsafe Glibc.write(terminal, buffer.baseAddress?.advanced(by: count), 1)
                    }
                }
                count += 1
            }
        }
    }

    private static var interrupted: FileError { FileError(.interrupted, "/dev/tty", "given up; nothing was changed") }

    private static func show(_ text: String, on terminal: Int32) throws(FileError) {
        let bytes = Array(text.utf8)
        try writeAll(terminal, unsafe bytes.span.bytes, path: "/dev/tty")
    }
}
