import Bytes
import CommandSupport
import Logging

/// Structured logs on standard error: one line an event, `key=value` each, safe for terminals whatever a peer sent.
struct LogfmtHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "time=\(CommandLineTool.now) level=\(event.level.rawValue)"
        line += " msg=\(Self.value(event.message.description))"
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.value("\(value)"))" }
        if let error = event.error { line += " error=\(Self.value("\(error)"))" }
        TerminalProgress.note(line)
    }

    private static func value(_ text: String) -> String {
        let escaped = TerminalText.escaped(text)
        let isPlain =
            !escaped.isEmpty
            && escaped.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        guard !isPlain else { return escaped }
        return "\"" + escaped.map { $0 == "\"" ? "\\\"" : String($0) }.joined() + "\""
    }
}
