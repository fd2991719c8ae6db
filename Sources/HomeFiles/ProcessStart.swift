internal import Glibc

/// What a process was started with, in the bytes that the system gives.
///
/// Swift's own readers put U+FFFD in place of what isn't UTF-8, and a path or a text is another one then.
package enum ProcessStart {
    /// The first argument that isn't UTF-8 and its number, from 1; `nil` where all are.
    package static var malformedArgument: (number: Int, bytes: [UInt8])? {
        for number in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = unsafe CommandLine.unsafeArgv[number] else { break }
            let bytes = unsafe bytes(of: argument)
            if String(validating: bytes, as: UTF8.self) == nil { return (number, bytes) }
        }
        return nil
    }

    /// A variable of the environment; `nil` where it is not set.
    package static func variable(_ name: String) -> [UInt8]? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe bytes(of: value)
    }

    /// The user's home folder by the password database; `nil` where the user isn't in it.
    package static var userFolder: [UInt8]? {
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        var record = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        let result = unsafe getpwuid_r(geteuid(), &record, &buffer, buffer.count, &found)
        guard result == 0, unsafe found != nil, let folder = unsafe record.pw_dir else { return nil }
        return unsafe bytes(of: folder)
    }

    private static func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
        unsafe UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 }
    }
}
