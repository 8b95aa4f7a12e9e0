/// The shells that completions are written for.
enum Shell: String, CaseIterable, Sendable {
  case bash, zsh, fish
}

/// Completion scripts, made from the table. *Verified by* `CompletionTests`, also by the shells themselves where present.
struct Completions {
  static func script(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  private static func flags(_ command: CommandSpecification) -> [String] {
    command.options.map { "--" + $0.rawValue }
  }

  /// The words that may follow an option; nil when a file may, empty when nothing is known.
  private static func words(after option: OptionSpecification) -> [String]? {
    switch option.value {
    case .choice(let words, _), .policy(let words): words
    case .list(let words, let alone): alone + words
    case .file, .directory: nil
    default: []
    }
  }

  private static var names: String { CommandName.allCases.map(\.rawValue).joined(separator: " ") }

  // MARK: bash

  private static var bash: String {
    var lines = [
      "# bash completion of deadband: source <(deadband completions bash)", "_deadband() {",
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"", "  COMPREPLY=()",
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then",
      "    COMPREPLY=($(compgen -W \"\(names) --help --version\" -- \"$word\"))",
      "    return", "  fi", "  case \"$previous\" in",
    ]
    for option in CommandTable.options where option.value != .none {
      guard let words = words(after: option) else {
        lines.append("    --\(option.name.rawValue)) COMPREPLY=($(compgen -f -- \"$word\")); return ;;")
        continue
      }
      let reply = words.isEmpty ? "" : "COMPREPLY=($(compgen -W \"\(words.joined(separator: " "))\" -- \"$word\")); "
      lines.append("    --\(option.name.rawValue)) \(reply)return ;;")
    }
    lines += ["  esac", "  case \"${COMP_WORDS[1]}\" in"]
    for command in CommandTable.commands {
      var all = flags(command)
      if let operand = command.operand { all += operand.choices }
      lines.append(
        "    \(command.name.rawValue)) COMPREPLY=($(compgen -W \"\(all.joined(separator: " "))\" -- \"$word\"))")
      lines.append(
        command.operand?.isFile == true
          ? "      [[ \"$word\" == -* ]] || COMPREPLY+=($(compgen -f -- \"$word\")) ;;" : "      ;;")
    }
    lines += ["  esac", "}", "complete -o filenames -F _deadband deadband"]
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: zsh

  private static func quoted(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "'": result += "'\\''"
      case "[", "]", ":", "\\": result += "\\\(character)"
      default: result.append(character)
      }
    }
    return result
  }

  private static var zsh: String {
    var lines = [
      "#compdef deadband", "# zsh completion of deadband: save as _deadband in a directory of $fpath", "_deadband() {",
      "  local -a commands", "  commands=(",
    ]
    lines += CommandTable.commands.map { "    '\($0.name.rawValue):\(quoted($0.summary))'" }
    lines += [
      "  )", "  if (( CURRENT == 2 )); then", "    _describe command commands", "    return", "  fi",
      "  local name=$words[2]", "  shift words", "  (( CURRENT-- ))", "  case $name in",
    ]
    for command in CommandTable.commands {
      lines.append("    \(command.name.rawValue))")
      var parts = command.options.map { zshOption(CommandTable.option($0)) }
      if let operand = command.operand {
        let star = operand.count.upperBound > 1 ? "*" : "1"
        let action = operand.isFile ? "_files" : "(\(operand.choices.joined(separator: " ")))"
        parts.append("'\(star):\(operand.placeholder):\(action)'")
      }
      lines.append("      _arguments \(parts.joined(separator: " \\\n        ")) ;;")
    }
    lines += ["  esac", "}", "compdef _deadband deadband"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func zshOption(_ option: OptionSpecification) -> String {
    let star = option.isRepeatable ? "*" : ""
    let head = "'\(star)--\(option.name.rawValue)[\(quoted(option.help))]"
    if option.value == .none { return head + "'" }
    guard let words = words(after: option) else { return head + ":\(option.placeholder):_files'" }
    return head + ":\(quoted(option.placeholder)):" + (words.isEmpty ? "" : "(\(words.joined(separator: " ")))") + "'"
  }

  // MARK: fish

  private static var fish: String {
    func literal(_ text: String) -> String {
      "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
    }
    var lines = ["# fish completion of deadband: deadband completions fish | source", "complete -c deadband -f"]
    for command in CommandTable.commands {
      let name = command.name.rawValue
      lines.append("complete -c deadband -n __fish_use_subcommand -a \(name) -d \(literal(command.summary))")
      let condition = "-n '__fish_seen_subcommand_from \(name)'"
      if let operand = command.operand {
        if operand.isFile { lines.append("complete -c deadband \(condition) -F") }
        if !operand.choices.isEmpty {
          lines.append("complete -c deadband \(condition) -a \(literal(operand.choices.joined(separator: " ")))")
        }
      }
      for option in command.options.map(CommandTable.option) {
        var line = "complete -c deadband \(condition) -l \(option.name.rawValue) -d \(literal(option.help))"
        if option.value != .none {
          guard let words = words(after: option) else {
            lines.append(line + " -r -F")
            continue
          }
          line += " -x" + (words.isEmpty ? "" : " -a \(literal(words.joined(separator: " ")))")
        }
        lines.append(line)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
