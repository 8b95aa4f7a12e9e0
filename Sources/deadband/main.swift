import Commands
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
exit(Program.run(arguments, console: .standard()).rawValue)
