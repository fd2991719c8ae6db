import Foundation

/// `make bench`: what a store of a million deltas costs.
@main
enum RhizomeBench {
    static func main() async {
        do {
            let options = try BenchmarkOptions(Array(CommandLine.arguments.dropFirst()))
            if options.isStart {
                try await StartMeasurement.measure(options)
                return
            }
            #if DEBUG
                print("(a debug build: numbers mean nothing; run with -c release)")
            #endif
            try await StoreBuild(options: options).run()
            try StartMeasurement.run(options)
            try await Rates(options: options).run()
        } catch {
            FileHandle.standardError.write(Data("rhizome-bench: \(error)\n".utf8))
            exit(1)
        }
    }
}
