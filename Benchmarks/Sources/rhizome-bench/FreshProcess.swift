import Foundation

/// This program again, in a process of its own.
enum FreshProcess {
    /// Runs it to its end.
    ///
    /// - Returns: the numbers that it prints.
    static func run(_ arguments: [String]) throws -> [Int] {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkError("the fresh process failed: \(output)") }
        return output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    }
}
