import Foundation

/// `make bench`: what a store of a million deltas costs, and catching up with another node.
@main
enum RhizomeBench {
    static func main() async {
        do {
            let options = try BenchmarkOptions(Array(CommandLine.arguments.dropFirst()))
            if options.isStart {
                try await StartMeasurement.measure(options)
                return
            }
            if let kind = options.answers {
                try await WideAnswers(folder: options.folder).measure(kind)
                return
            }
            if let home = options.nodeHome {
                try await BenchmarkNode.run(home: home, options)
                return
            }
            #if DEBUG
                print("(a debug build: numbers mean nothing; run with -c release)")
            #endif
            if options.isAudit {
                try await AuditRate(folder: options.folder).run()
                return
            }
            if options.isCatchUp {
                try await CatchUp(folder: options.catchUpFolder).run()
                return
            }
            if options.isSpreading {
                try await Spreading(folder: options.nodesFolder).run()
                return
            }
            if let seed = options.simulationSeed { return SimulatedMesh.run(seed: seed) }
            if let size = options.meshSize {
                try await MeshRates(options, count: size).run()
                return
            }
            if options.isQueries {
                try await QueryRates(folder: options.queriesFolder).run()
                return
            }
            if options.isWrites {
                try await WriteRates(folder: options.nodesFolder).run()
                return
            }
            try await StoreBuild(folder: options.folder, count: options.count).run()
            if options.isViews {
                try await ViewRates(options: options).run()
                return
            }
            try StartMeasurement.run(options)
            try await Rates(options: options).run()
            try await ViewRates(options: options).run()
            try await QueryRates(folder: options.queriesFolder).run()
            try await CatchUp(folder: options.catchUpFolder).run()
            try await Spreading(folder: options.nodesFolder).run()
            try await WriteRates(folder: options.nodesFolder).run()
        } catch {
            FileHandle.standardError.write(Data("rhizome-bench: \(error)\n".utf8))
            exit(1)
        }
    }
}
