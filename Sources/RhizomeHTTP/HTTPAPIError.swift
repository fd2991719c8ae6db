/// Why the HTTP API can't start.
public struct HTTPAPIError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// It can't listen where it should.
        case address
        /// Requests would need a token, and there is none.
        case token
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// What happened and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func address(_ configuration: HTTPAPI.Configuration, _ cause: String) -> HTTPAPIError {
        HTTPAPIError(
            .address,
            "the HTTP API can't listen on \(configuration.address) port \(configuration.port) (\(cause)); "
                + "set RHIZOME_HTTP_API_ADDR and RHIZOME_HTTP_API_PORT to a free one"
        )
    }

    /// Whether both have the same code.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// The message.
    public var description: String { message }
}
