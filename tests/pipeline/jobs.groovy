// Runs a Job DSL script without a Jenkins and prints what it asks for as JSON: usage: jobs.groovy FILE
import groovy.json.JsonOutput

// A call as [name, words, body]: what is in its closure is its body, everything else its words.
class Recorder {
    List<Map> calls = []

    def methodMissing(String name, arguments) {
        def body = arguments.find { it instanceof Closure }
        def inner = new Recorder()
        if (body) {
            body.delegate = inner
            body.resolveStrategy = Closure.DELEGATE_FIRST
            body.call()
        }
        calls << [name: name, words: arguments.findAll { !(it instanceof Closure) }, body: inner.calls]
    }
}

def recorder = new Recorder()
def script = new GroovyShell().parse(new File(args[0]))
script.metaClass.methodMissing = { String name, arguments -> recorder.methodMissing(name, arguments) }
script.run()
println JsonOutput.toJson([name: 'jobs', words: [], body: recorder.calls])
