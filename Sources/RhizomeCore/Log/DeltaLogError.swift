public import Bytes

/// Why a log can't do what was asked.
public struct DeltaLogError: CodedError {
    /// What is wrong.
    public struct Code: Hashable, Sendable {
        /// The stable name, the same in logs, metrics and answers.
        public let name: String

        /// The disk is full or fails; nothing of the write is held.
        public static let disk = Code(name: "disk")
        /// There is none to read yet.
        public static let missing = Code(name: "missing")
        /// Permissions stand in the way, or whose the files are.
        public static let notAllowed = Code(name: "notAllowed")
        /// What is stored isn't what was stored.
        public static let corrupt = Code(name: "corrupt")
        /// Made by a newer version of the software.
        public static let newer = Code(name: "newer")
        /// Somebody else has it open.
        public static let locked = Code(name: "locked")
        /// Other reads that take long are under way, and have been for longer than one waits for them.
        public static let busy = Code(name: "busy")
        /// A batch breaks the promise that each previous is held.
        public static let notClosed = Code(name: "notClosed")
    }

    /// What is wrong.
    ///
    /// Equality is that of the codes.
    public let code: Code
    /// What happened and what to do.
    public let message: String

    /// An error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
