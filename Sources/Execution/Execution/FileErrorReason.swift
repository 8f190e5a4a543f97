// Why a file operation failed, in the system's words. Foundation's own sentence for many of its file errors
// is a number ("NSCocoaErrorDomain error 512"), with the errno that says it all beneath.

import Foundation

extension Error {
    /// The errno's text where one lies beneath a Foundation error ("Is a directory"), else its description.
    package var fileReason: String {
        let underlying = (self as? CocoaError)?.userInfo[NSUnderlyingErrorKey] as? POSIXError
        let system = (underlying ?? self as? POSIXError).map { $0 as NSError }
        return system?.localizedFailureReason ?? localizedDescription
    }
}
