import ArgumentParser
import CommandSupport
import RhizomeCore
import RhizomeDatabase
import RhizomeHTTP
import RhizomePeering
import RhizomeProof
import RhizomeQueries
import RhizomeViews
import StrictJSON

extension WriteError: ExitCoded {
    /// By what keeps it from being written.
    var exitCode: ExitCode {
        switch code {
        case .clock: .tryAgain
        case .disk: .inputOutput
        case .content: .malformed
        }
    }
}

extension NodeError: ExitCoded {
    /// An address may be free, or there, the next time.
    var exitCode: ExitCode {
        switch code {
        case .address: .tryAgain
        case .descriptors: .configuration
        }
    }
}

extension HTTPAPIError: ExitCoded {
    /// An address may be free, or there, the next time.
    var exitCode: ExitCode {
        switch code {
        case .address: .tryAgain
        case .token: .configuration
        }
    }
}

extension FieldError: ExitCoded {
    /// What is reserved is refused by a rule; all else can't be used as it was given.
    var exitCode: ExitCode { code == .reserved ? .failure : .malformed }
}

extension DefinitionError: ExitCoded {
    var exitCode: ExitCode { .malformed }
}

extension JSONLogicError: ExitCoded {
    var exitCode: ExitCode { .malformed }
}

extension QueryFault: ExitCoded {
    var exitCode: ExitCode { .malformed }
}

extension QueryLimit: ExitCoded {
    /// It is refused by a rule.
    var exitCode: ExitCode { .failure }
}

extension JSONError: ExitCoded {
    var exitCode: ExitCode { .malformed }
}

extension ProofError: ExitCoded {
    /// What can't be proved is no malformed proof.
    var exitCode: ExitCode { code == .unprovable ? .failure : .malformed }
}
