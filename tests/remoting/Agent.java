import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.logging.FileHandler;
import java.util.logging.Logger;

/**
 * What Jenkins' remoting jar does, in small: it is started with the same words, speaks in serialised objects over
 * standard input and output, runs what it is sent in threads, and fetches the classes of that from the other side.
 */
public final class Agent extends ClassLoader {
    static final String PREAMBLE = "<===[AGENT]===>";

    private final ObjectOutputStream out;
    private final Map<String, CompletableFuture<byte[]>> wanted = new ConcurrentHashMap<>();

    private Agent(OutputStream channel) throws IOException {
        super(Agent.class.getClassLoader());
        channel.write(PREAMBLE.getBytes(StandardCharsets.US_ASCII));
        out = new ObjectOutputStream(channel);
        out.flush();
    }

    public static void main(String[] words) throws Exception {
        var options = new HashMap<String, String>();
        for (int i = 0; i + 1 < words.length; i += 2) {
            options.put(words[i], words[i + 1]);
        }
        var logs = Path.of(options.get("-workDir"), "remoting", "logs");
        Files.createDirectories(logs);
        Files.createDirectories(Path.of(options.get("-jarCache")));
        Logger.getLogger("").addHandler(new FileHandler(logs.resolve("remoting.log").toString()));
        // What a task prints must not come between the objects.
        var channel = System.out;
        System.setOut(System.err);
        new Agent(channel).serve(System.in);
        System.exit(0);
    }

    private void serve(InputStream input) throws Exception {
        var pool = Executors.newCachedThreadPool();
        try (var in = new ObjectInputStream(input)) {
            while (true) {
                var frame = (Object[]) in.readObject();
                switch ((String) frame[0]) {
                    case "class" -> wanted.remove((String) frame[1]).complete((byte[]) frame[2]);
                    case "task" -> pool.submit(() -> answer((byte[]) frame[1]));
                    default -> throw new IOException("unknown: " + frame[0]);
                }
            }
        } catch (EOFException hungUp) {
            pool.shutdownNow();
        }
    }

    private void answer(byte[] task) {
        try {
            say("result", ((Callable<?>) read(task)).call());
        } catch (Throwable failure) {
            var trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace));
            say("failure", trace.toString());
        }
    }

    private Object read(byte[] task) throws IOException, ClassNotFoundException {
        try (var in = new ObjectInputStream(new ByteArrayInputStream(task)) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass described) throws ClassNotFoundException {
                return Class.forName(described.getName(), false, Agent.this);
            }
        }) {
            return in.readObject();
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        var awaited = new CompletableFuture<byte[]>();
        wanted.put(name, awaited);
        say("class", name);
        var bytes = awaited.join();
        if (bytes.length == 0) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    private synchronized void say(Object... frame) {
        try {
            out.writeObject(frame);
            out.flush();
        } catch (IOException gone) {
            throw new IllegalStateException(gone);
        }
    }
}
