import Foundation

/// A child that runs a ``BenchmarkNode``.
final class NodeProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var read: [UInt8] = []

    init(home: String, arguments: [String]) throws {
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--node", home] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Processor time so far, user and system, of all its threads (proc_pid_stat(5)).
    var processorTime: Duration {
        get throws {
            let stat = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
            // After the name, which may hold anything, come the state as field 3 and so on.
            let fields = stat.suffix(from: stat.lastIndex(of: ")") ?? stat.startIndex).split(separator: " ")
            guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else {
                throw BenchmarkError("/proc/PID/stat can't be read")
            }
            return .microseconds((user + system) * 1_000_000 / sysconf(Int32(_SC_CLK_TCK)))
        }
    }

    /// The memory that it has now, `VmRSS` (proc_pid_status(5)).
    func residentKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        return try StartMeasurement.number("VmRSS", in: status)
    }

    /// Writes a line to its standard input.
    func write(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

    /// The next line; `nil` where the child ended.
    func readLine() -> Substring? {
        while !read.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            read += more
        }
        let line = read.prefix { $0 != UInt8(ascii: "\n") }
        defer { read.removeFirst(line.count + 1) }
        return Substring(decoding: line, as: UTF8.self)
    }

    /// Ends the child, which listens to its standard input, and waits for it.
    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
