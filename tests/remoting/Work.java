import java.awt.image.BufferedImage;
import java.beans.Introspector;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.naming.Context;
import javax.naming.directory.InitialDirContext;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathFactory;

/** What remoting and the plugins that run on agents ask of Java, one thing after another. */
public final class Work implements Callable<Map<String, String>>, Serializable {
    private static final long serialVersionUID = 1;

    @Override
    public Map<String, String> call() {
        var told = new LinkedHashMap<String, String>();
        attempt(told, "logging", Work::logging);
        attempt(told, "certificates", Work::certificates);
        attempt(told, "tls", Work::tls);
        attempt(told, "keys", Work::keys);
        attempt(told, "management", Work::management);
        attempt(told, "threads", Work::threads);
        attempt(told, "process", Work::process);
        attempt(told, "files", Work::files);
        attempt(told, "archive", Work::archive);
        attempt(told, "xml", Work::xml);
        attempt(told, "beans", Work::beans);
        attempt(told, "image", Work::image);
        attempt(told, "http", Work::http);
        attempt(told, "names", Work::names);
        attempt(told, "text", Work::text);
        attempt(told, "classes", Work::classes);
        return told;
    }

    private static void attempt(Map<String, String> told, String name, Callable<String> tried) {
        try {
            told.put(name, tried.call());
        } catch (Throwable failure) {
            told.put(name, "failed: " + failure);
        }
    }

    private static String logging() {
        Logger.getLogger("work").info("a line of the work");
        return "logged";
    }

    private static String certificates() throws Exception {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        var trusted = ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers().length;
        return trusted > 100 ? "trusted" : trusted + " alone";
    }

    private static String tls() throws Exception {
        var context = SSLContext.getInstance("TLS");
        context.init(null, null, SecureRandom.getInstanceStrong());
        return String.join(" ", context.createSSLEngine().getEnabledProtocols());
    }

    private static String keys() throws Exception {
        for (var kind : new String[][] {{"EC", "SHA256withECDSA"}, {"Ed25519", "Ed25519"}, {"RSA", "SHA512withRSA"}}) {
            var generator = KeyPairGenerator.getInstance(kind[0]);
            if (kind[0].equals("EC")) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            }
            var pair = generator.generateKeyPair();
            var signer = Signature.getInstance(kind[1]);
            signer.initSign(pair.getPrivate());
            signer.update((byte) 1);
            var signed = signer.sign();
            signer.initVerify(pair.getPublic());
            signer.update((byte) 1);
            if (!signer.verify(signed)) {
                return kind[0] + " does not verify";
            }
        }
        return "verified";
    }

    private static String management() throws Exception {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        var memory = system.getTotalMemorySize();
        var threads = ManagementFactory.getThreadMXBean().dumpAllThreads(true, true).length;
        var beans = ManagementFactory.getPlatformMBeanServer().getMBeanCount();
        return memory > 0 && threads > 1 && beans > 10 ? "seen" : memory + " " + threads + " " + beans;
    }

    private static String threads() throws Exception {
        var sum = new int[1];
        var virtual = Thread.ofVirtual().start(() -> sum[0] = IntStream.rangeClosed(1, 100).parallel().sum());
        virtual.join();
        return String.valueOf(sum[0]);
    }

    private static String process() throws Exception {
        var process = new ProcessBuilder("sh", "-c", "git --version && docker --version").start();
        var lines = new String(process.getInputStream().readAllBytes()).lines().toList();
        return process.waitFor() == 0 && lines.size() == 2 ? "ran" : lines.toString();
    }

    private static String files() throws Exception {
        var folder = Files.createTempDirectory("work");
        var file = Files.writeString(folder.resolve("file"), "text");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        var link = Files.createSymbolicLink(folder.resolve("link"), file);
        try (var watcher = FileSystems.getDefault().newWatchService()) {
            folder.register(watcher, java.nio.file.StandardWatchEventKinds.ENTRY_CREATE);
        }
        return Files.getOwner(link) + " " + Files.readString(link);
    }

    private static String archive() throws Exception {
        var file = Files.createTempDirectory("work").resolve("file.zip");
        try (var zip = FileSystems.newFileSystem(file, Map.of("create", "true"))) {
            Files.writeString(zip.getPath("inside"), "zipped");
        }
        try (var zip = FileSystems.newFileSystem(file)) {
            return Files.readString(zip.getPath("inside"));
        }
    }

    private static String xml() throws Exception {
        var parsed = DocumentBuilderFactory.newInstance().newDocumentBuilder()
            .parse(new ByteArrayInputStream("<a><b>parsed</b></a>".getBytes()));
        return XPathFactory.newInstance().newXPath().evaluate("/a/b", parsed);
    }

    private static String beans() throws Exception {
        var names = Arrays.stream(Introspector.getBeanInfo(Thread.class).getPropertyDescriptors());
        return names.anyMatch(found -> found.getName().equals("daemon")) ? "introspected" : "not there";
    }

    private static String image() throws Exception {
        var drawn = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
        drawn.createGraphics().fillRect(0, 0, 1, 1);
        return ImageIO.write(drawn, "png", new ByteArrayOutputStream()) ? "drawn" : "no writer";
    }

    private static String http() throws Exception {
        var here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var server = com.sun.net.httpserver.HttpServer.create(here, 0);
        server.createContext("/", asked -> {
            asked.sendResponseHeaders(204, -1);
            asked.close();
        });
        server.start();
        try {
            var address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
            var request = HttpRequest.newBuilder(address).build();
            var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
            return String.valueOf(answer.statusCode());
        } finally {
            server.stop(0);
        }
    }

    private static String names() throws Exception {
        var environment = new Hashtable<>(Map.of(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory"));
        new InitialDirContext(environment).close();
        return InetAddress.getByName("localhost").isLoopbackAddress() ? "resolved" : "elsewhere";
    }

    private static String text() {
        var said = "Gr\u00fc\u00dfe";
        var read = new String(said.getBytes(Charset.forName("IBM037")), Charset.forName("IBM037"));
        return read.equals(said) ? "read at " + ZoneId.of("Europe/Berlin") : "garbled";
    }

    private static String classes() throws Exception {
        for (var name : new String[] {
            "java.lang.instrument.Instrumentation", "java.rmi.server.UID", "java.sql.Timestamp",
            "java.util.prefs.Preferences", "javax.script.ScriptEngineManager", "javax.sql.rowset.CachedRowSet",
            "javax.security.auth.kerberos.KerberosPrincipal", "javax.tools.ToolProvider",
            "javax.transaction.xa.XAResource", "javax.xml.crypto.dsig.XMLSignature", "jdk.jfr.Recording",
            "com.sun.security.auth.module.UnixSystem", "sun.misc.Unsafe",
        }) {
            Class.forName(name);
        }
        return "found";
    }
}
