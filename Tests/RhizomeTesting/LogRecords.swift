import Locks
public import Logging

/// Keeps what is logged.
public final class LogRecords: Sendable {
    private let kept = Lock<[(level: Logger.Level, text: String)]>([])

    /// Nothing so far.
    public init() {}

    /// Each record as one text.
    public var records: [(level: Logger.Level, text: String)] { kept.withLock { $0 } }

    /// A logger that keeps everything.
    public var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(records: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let records: LogRecords
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let text = "\(event.message) \(event.metadata ?? [:])"
            records.kept.withLock { $0.append((event.level, text)) }
        }
    }
}
