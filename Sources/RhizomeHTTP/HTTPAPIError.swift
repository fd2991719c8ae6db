public import Bytes
internal import Glibc
internal import NIOCore

/// Why the HTTP API can't start.
public struct HTTPAPIError: CodedError {
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

    static func address(_ configuration: HTTPAPI.Configuration, _ cause: any Error) -> HTTPAPIError {
        let hint =
            switch (cause as? IOError)?.errnoCode {
            case EADDRINUSE:
                "another program listens there; stop it, or choose another RHIZOME_HTTP_API_PORT (0: any free one)"
            case EADDRNOTAVAIL:
                "this machine has no such address; set RHIZOME_HTTP_API_ADDR to one that it has"
            case EACCES:
                "that is not allowed to this user; choose a RHIZOME_HTTP_API_PORT of 1024 or above"
            default:
                "\(cause); check RHIZOME_HTTP_API_ADDR and RHIZOME_HTTP_API_PORT"
            }
        return HTTPAPIError(
            .address,
            "the HTTP API can't listen on \(configuration.address) port \(configuration.port): \(hint)"
        )
    }
}
