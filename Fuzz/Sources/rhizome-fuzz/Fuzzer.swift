import Foundation

/// The target that `RHIZOME_FUZZ_TARGET` names.
private let target: any FuzzTarget.Type = {
    let name = ProcessInfo.processInfo.environment["RHIZOME_FUZZ_TARGET"] ?? ""
    guard let target = fuzzTargets.first(where: { $0.name == name }) else {
        let names = fuzzTargets.map { $0.name }.joined(separator: " ")
        FileHandle.standardError.write(Data("RHIZOME_FUZZ_TARGET is not one of: \(names)\n".utf8))
        exit(2)
    }
    return target
}()

/// Called by libFuzzer before anything else: with `RHIZOME_FUZZ_SEEDS`, writes all seeds to that folder and ends.
@c(LLVMFuzzerInitialize)
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    let environment = ProcessInfo.processInfo.environment
    guard let folder = environment["RHIZOME_FUZZ_SEEDS"] else { return 0 }
    do {
        let vectors = Vectors(folder: URL(filePath: environment["RHIZOME_FUZZ_VECTORS"] ?? "Tests/Vectors"))
        for target in fuzzTargets {
            let place = URL(filePath: folder).appending(path: target.name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for (index, seed) in try target.seeds(vectors).enumerated() {
                try Data(seed).write(to: place.appending(path: "seed-\(index)"))
            }
        }
        exit(0)
    } catch {
        FileHandle.standardError.write(Data("the seeds can't be written: \(error)\n".utf8))
        exit(2)
    }
}

/// Called by libFuzzer with each input it makes up; a trap is a finding.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    do {
        _ = try target.check(bytes)
    } catch {
        fatalError("\(target.name): \(error)")
    }
    return 0
}
