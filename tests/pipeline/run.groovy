// Executes a declarative Jenkinsfile on a checkout, without a Jenkins: every `sh` runs, what only Jenkins can do is
// written down. A word that declarative pipelines do not have at that place is an error.
//
// usage: run.groovy JENKINSFILE CHECKOUT WANTED, where WANTED is JSON: branch, environment, previous (the result of the
// build before), answer (to input; null aborts), credentials (by id). Prints a line of JSON for each thing that happens.
import groovy.io.FileType
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import java.nio.file.FileSystems

class Failed extends RuntimeException {
    Failed(String message) { super(message) }
}

class Strict {
    def methodMissing(String name, arguments) {
        throw new IllegalArgumentException("'$name' is not known in ${getClass().simpleName.toLowerCase()}")
    }
    def propertyMissing(String name) {
        throw new IllegalArgumentException("'$name' is not known in ${getClass().simpleName.toLowerCase()}")
    }
    static <T> T read(T into, Closure body) {
        body.delegate = into
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.call()
        into
    }
}

class Options extends Strict {
    List<String> names = []
    def timeout(Map how) { names << 'timeout' }
    def disableConcurrentBuilds() { names << 'disableConcurrentBuilds' }
    def buildDiscarder(how) { names << 'buildDiscarder' }
    def logRotator(Map how) { how }
    def durabilityHint(String hint) { names << 'durabilityHint' }
    def skipStagesAfterUnstable() { names << 'skipStagesAfterUnstable' }
    def timestamps() { names << 'timestamps' }
}

class Triggers extends Strict {
    def cron(String spec) {}
}

class Agent extends Strict {
    String label
    def label(String name) { label = name }
}

class Input extends Strict {
    String message
    def message(String text) { message = text }
    def ok(String text) {}
}

class Post extends Strict {
    Map<String, Closure> conditions = [:]
    // The order in which Jenkins looks at them.
    static final ORDER = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'cleanup']
    def methodMissing(String name, arguments) {
        if (!(name in ORDER)) { super.methodMissing(name, arguments) }
        conditions[name] = arguments[0]
    }
}

class Environment extends Strict {
    Map<String, String> values = [:]
    void setProperty(String name, value) {
        if (name == 'values') { values = value } else { values[name] = value.toString() }
    }
}

class When extends Strict {
    Build build
    List<Closure<Boolean>> conditions = []
    boolean beforeAgent
    boolean beforeInput
    def beforeInput(boolean on) { beforeInput = on }
    def beforeAgent(boolean on) { beforeAgent = on }
    def branch(String name) { conditions << { build.branch == name } }
    def environment(Map how) { conditions << { build.environment[how.name] == how.value } }
    def expression(Closure body) { conditions << { build.inSteps(body) as boolean } }
    def not(Closure body) {
        def inner = read(new When(build: build), body)
        conditions << { !inner.holds() }
    }
    def anyOf(Closure body) {
        def inner = read(new When(build: build), body)
        conditions << { inner.conditions.any { it() } }
    }
    boolean holds() { conditions.every { it() } }
}

class Stage extends Strict {
    String name
    Build build
    Agent agent
    String noAgent
    When when
    Input input
    Options options = new Options()
    Environment environment = new Environment()
    List<Stage> stages = []
    Closure steps
    Post post = new Post()
    static final none = 'none'

    def agent(Closure body) { agent = read(new Agent(), body) }
    def agent(String word) { noAgent = word }
    def when(Closure body) { when = read(new When(build: build), body) }
    def input(Closure body) { input = read(new Input(), body) }
    def options(Closure body) { read(options, body) }
    def environment(Closure body) { read(environment, body) }
    def steps(Closure body) { steps = body }
    def post(Closure body) { read(post, body) }
    def stages(Closure body) { read(new Stages(build: build, list: stages), body) }
}

class Stages extends Strict {
    Build build
    List<Stage> list
    def stage(String name, Closure body) {
        def made = read(new Stage(name: name, build: build), body)
        if ((made.steps == null) == made.stages.isEmpty()) {
            throw new IllegalArgumentException("stage '$name' needs steps or stages, and not both")
        }
        list << made
    }
}

class Pipeline extends Stage {
    def triggers(Closure body) { read(new Triggers(), body) }
}

// What is set in it is there until the build ends, as against what an environment block or credentials give.
class Env {
    Build build
    def getProperty(String name) { build.environment[name] }
    void setProperty(String name, value) {
        if (name == 'build') { build = value; return }
        build.lasting[name] = build.environment[name] = value.toString()
    }
}

// What a step can be; `sh` alone does something here.
class Steps extends Strict {
    Build build
    def getEnv() { new Env(build: build) }
    def sh(String script) { sh(script: script) }
    def sh(Map how) {
        build.requireAgent('sh')
        def status = build.shell(how.script)
        if (how.returnStatus) { return status }
        if (status != 0) { throw new Failed("script returned exit code $status") }
    }
    def catchError(Map how, Closure body) {
        try {
            build.inSteps(body)
        } catch (Failed failed) {
            build.say([event: 'caught', message: failed.message])
            build.worsen(how.buildResult)
            build.stageResult = how.stageResult
        }
    }
    def withCredentials(List wanted, Closure body) {
        def kept = build.environment.clone()
        wanted.each { one ->
            if (!(one.credentialsId in build.credentials)) { throw new Failed("no credential '${one.credentialsId}'") }
            build.environment[one.variable] = build.credentials[one.credentialsId]
        }
        try { build.inSteps(body) } finally { build.environment = kept + build.lasting }
    }
    def string(Map how) { how }
    def milestone(Map how) { build.say([event: 'step', step: 'milestone', given: how]) }
    def mail(Map how) { build.say([event: 'step', step: 'mail', given: how]) }
    def archiveArtifacts(Map how) {
        build.requireAgent('archiveArtifacts')
        build.say([event: 'step', step: 'archiveArtifacts', files: build.files(how.artifacts)])
    }
    def junit(Map how) {
        build.requireAgent('junit')
        def files = build.files(how.testResults)
        build.say([event: 'step', step: 'junit', files: files])
        if (!files && !how.allowEmptyResults) { throw new Failed('No test report files were found. Configuration error?') }
    }
    def cleanWs() {
        build.requireAgent('cleanWs')
        build.say([event: 'step', step: 'cleanWs'])
    }
}

class Build {
    String branch
    String previous
    File checkout
    Map<String, String> environment
    Map<String, String> lasting = [:]
    Map<String, String> credentials
    boolean agreed
    String result = 'SUCCESS'
    String stageResult
    String agent
    Pipeline pipeline
    static final WORSE = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'ABORTED']

    void say(Map event) { println JsonOutput.toJson(event) }

    void worsen(String to) { if (WORSE.indexOf(to) > WORSE.indexOf(result)) { result = to } }

    def inSteps(Closure body) {
        body.delegate = new Steps(build: this)
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.call()
    }

    void requireAgent(String step) {
        if (agent == null) { throw new Failed("Required context class hudson.FilePath is missing: $step needs an agent") }
    }

    // As Jenkins does, but for -x.
    int shell(String script) {
        def builder = new ProcessBuilder('sh', '-e', '-c', script).directory(checkout).redirectErrorStream(true)
        builder.environment().putAll(environment)
        def started = System.nanoTime()
        def process = builder.start()
        process.outputStream.close()
        def output = process.inputStream.getText('UTF-8')
        def status = process.waitFor()
        say([event: 'sh', script: script, status: status, seconds: (System.nanoTime() - started) / 1e9d, output: output.readLines().takeRight(30).join('\n')])
        status
    }

    List<String> files(String pattern) {
        def start = new File(checkout, pattern.takeWhile { it != '*' })
        def wanted = FileSystems.default.getPathMatcher('glob:' + pattern)
        def found = []
        if (start.directory) { start.eachFileRecurse(FileType.FILES) { found << checkout.toPath().relativize(it.toPath()) } }
        found.findAll { wanted.matches(it) }*.toString().sort()
    }

    String run() {
        def first = pipeline
        try { inStage(first) { runStages(first.stages) } } catch (Failed failed) { worsen('FAILURE') }
        say([event: 'build', result: result])
        result
    }

    void runStages(List<Stage> stages) {
        Failed failure = null
        stages.each { stage ->
            if (failure) {
                skip(stage, 'earlier failure')
            } else if (result == 'UNSTABLE' && 'skipStagesAfterUnstable' in pipeline.options.names) {
                skip(stage, 'unstable')
            } else {
                try { runStage(stage) } catch (Failed failed) { failure = failed }
            }
        }
        if (failure) { throw failure }
    }

    void skip(Stage stage, String why) {
        say([event: 'skipped', stage: stage.name, why: why])
    }

    void runStage(Stage stage) {
        def early = stage.when?.beforeInput || stage.when?.beforeAgent
        if (stage.when?.beforeInput && !stage.when.holds()) { skip(stage, 'when'); return }
        // Unless told otherwise Jenkins asks first, and then looks whether the stage is wanted.
        if (stage.input) {
            say([event: 'input', stage: stage.name, message: stage.input.message, agent: agent])
            if (!agreed) { worsen('ABORTED'); throw new Failed('Rejected') }
        }
        if (!stage.when?.beforeInput && stage.when?.beforeAgent && !stage.when.holds()) { skip(stage, 'when'); return }
        inStage(stage) {
            if (stage.when && !early && !stage.when.holds()) { skip(stage, 'when'); return false }
            say([event: 'stage', stage: stage.name, agent: agent])
            if (stage.steps) { inSteps(stage.steps) } else { runStages(stage.stages) }
        }
    }

    // With the stage's agent and environment; at its end what its post says.
    void inStage(Stage stage, Closure body) {
        def (keptAgent, keptEnvironment, keptStageResult) = [agent, environment.clone(), stageResult]
        if (stage.agent) { agent = stage.agent.label }
        environment.putAll(stage.environment.values)
        stageResult = null
        Failed failure = null
        def ran = true
        try { ran = body() != false } catch (Failed failed) { failure = failed; worsen('FAILURE') }
        def own = failure ? 'FAILURE' : stageResult ?: (stage.is(pipeline) ? result : 'SUCCESS')
        if (ran) {
            try { runPost(stage, own) } catch (Failed failed) { failure = failure ?: failed; worsen('FAILURE') }
            if (!stage.is(pipeline)) { say([event: 'ended', stage: stage.name, result: failure ? 'FAILURE' : own]) }
        }
        agent = keptAgent
        environment = keptEnvironment + lasting
        stageResult = keptStageResult
        if (failure) { throw failure }
    }

    void runPost(Stage stage, String own) {
        Failed failure = null
        Post.ORDER.findAll { it in stage.post.conditions && holds(it, own) }.each { condition ->
            say([event: 'post', stage: stage.name, condition: condition])
            try { inSteps(stage.post.conditions[condition]) } catch (Failed failed) { failure = failed }
        }
        if (failure) { throw failure }
    }

    boolean holds(String condition, String own) {
        switch (condition) {
            case ['always', 'cleanup']: return true
            case 'changed': return own != previous
            case 'fixed': return own == 'SUCCESS' && previous in ['FAILURE', 'UNSTABLE']
            case 'regression': return WORSE.indexOf(own) > WORSE.indexOf(previous) && own != 'SUCCESS'
            case 'unsuccessful': return own != 'SUCCESS'
            default: return own == condition.toUpperCase()
        }
    }
}

def wanted = new JsonSlurper().parse(new File(args[2]))
def build = new Build(
    branch: wanted.branch, previous: wanted.previous ?: 'SUCCESS', checkout: new File(args[1]).canonicalFile,
    environment: new LinkedHashMap(wanted.environment), credentials: wanted.credentials ?: [:], agreed: wanted.answer as boolean,
)
def script = new GroovyShell().parse(new File(args[0]))
script.metaClass.pipeline = { Closure body ->
    def made = new Pipeline(name: 'pipeline', build: build)
    build.pipeline = made
    Strict.read(made, body)
    if (!made.agent && made.noAgent != 'none') { throw new IllegalArgumentException('the pipeline names no agent') }
}
script.metaClass.propertyMissing = { String name ->
    if (name == 'none') { return 'none' }
    if (name == 'env') { return build.environment }
    throw new MissingPropertyException(name, script.class)
}
script.run()
build.run()
