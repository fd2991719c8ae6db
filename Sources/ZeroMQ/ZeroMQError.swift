internal import Bytes
internal import CZeroMQ
internal import Glibc

/// What libzmq, or this module on its behalf, refused to do.
///
/// Two errors are equal when their codes are.
package struct ZeroMQError: CodedError {
    /// What kind of refusal it is.
    package enum Code: String, Sendable {
        /// Another socket, of this or another process, is bound to the endpoint (`EADDRINUSE`).
        case addressInUse
        /// The address is not one of this machine's (`EADDRNOTAVAIL`, `ENODEV`), or may not be used (`EACCES`).
        case addressUnavailable
        /// The text is no endpoint that libzmq understands (`EINVAL`, `EPROTONOSUPPORT`), or nothing is bound or
        /// connected there (`ENOENT`).
        case endpoint
        /// A TCP endpoint was asked for on a socket that isn't set up for CURVE in full.
        case insecure
        /// The socket was closed, by its owner or because its thread stopped.
        case closed
        /// The socket thread was told to stop: it opens no more sockets.
        case stopped
        /// No more sockets, descriptors, memory or threads (`EMFILE`, `ENOMEM`, `EAGAIN` of `pthread_create`).
        case resources
        /// A ZAP domain of this name has an authoriser already, or the name can't be one.
        case domain
        /// Anything else; the error number tells.
        case system
    }

    /// What kind of refusal it is; stable.
    package let code: Code
    /// The call that failed, or the rule that refused.
    package let call: String
    /// The C error number, 0 where a rule of ours refused.
    package let number: Int32

    init(_ code: Code, _ call: String, number: Int32 = 0) {
        self.code = code
        self.call = call
        self.number = number
    }

    /// The error of the libzmq call that just failed: to be made on the next line, on the same thread.
    static func last(_ call: String) -> Self {
        Self(number: zmq_errno(), call: call)
    }

    init(number: Int32, call: String) {
        let code: Code =
            switch number {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL, ENODEV, EACCES: .addressUnavailable
            case EINVAL, EPROTONOSUPPORT, ENOENT: .endpoint
            case EMFILE, ENFILE, ENOMEM, EAGAIN: .resources
            case ENOTSOCK: .closed
            default: .system
            }
        self.init(code, call, number: number)
    }

    package var message: String {
        guard number != 0 else { return "\(code.rawValue): \(call)" }
        guard let text = unsafe zmq_strerror(number) else { return "\(code.rawValue): \(call), error \(number)" }
        return unsafe "\(code.rawValue): \(call): \(String(cString: text))"
    }
}
